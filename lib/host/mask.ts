import { Transform } from "node:stream";
import { hiddenTexts, mask, minMaskedBytes, partsToHide } from "./hidden.js";

/** Returns the filter for what is hidden in the output of programs, if anything is. */
export function hiddenMasks(): readonly Transform[] {
  const texts = hiddenTexts();
  return texts.length === 0 ? [] : [createMask(texts.map((text) => Buffer.from(text)))];
}

/**
 * Returns a stream that replaces every secret by `***`, also one that arrives in several chunks: a possible beginning
 * is held back until the rest has come. Each line of eight bytes or more of a longer secret is replaced, too. With
 * `isStrict`, also four bytes or more of its beginning at the end of the text.
 */
export function createMask(secrets: readonly Buffer[], isStrict = false): Transform {
  // latin1 maps each byte to one character, so a secret is never split inside a character
  const wanted = new SecretIndex(partsToHide(secrets.map((secret) => secret.toString("latin1"))));
  let held = "";
  const pass = (text: string, isEnd: boolean): Buffer => {
    const cut = isEnd ? text.length : wanted.partialMatch(text);
    let shown = "";
    let at = 0;
    for (let start = 0; start < cut;) {
      const found = wanted.longestAt(text, start);
      if (found === 0) {
        start += 1;
        continue;
      }
      shown += `${text.slice(at, start)}${mask}`;
      start += found;
      at = start;
    }
    const rest = Math.max(at, cut);
    held = text.slice(rest);
    return Buffer.from(shown + text.slice(at, rest), "latin1");
  };
  return new Transform({
    transform: (chunk: Buffer, _, done) => done(null, pass(held + chunk.toString("latin1"), false)),
    flush: (done) => {
      const isBeginning = isStrict && held.length >= minMaskedBytes;
      done(null, isBeginning ? Buffer.from(mask) : pass(held, true));
    },
  });
}

/** Finds secrets by their first bytes, so that the time for a text does not depend on how many there are. */
class SecretIndex {
  /** The secrets by their first `minMaskedBytes` bytes, the longest first. */
  readonly #byBeginning = new Map<string, string[]>();
  /** What may be the shortest beginnings of a secret. */
  readonly #beginnings = new Set<string>();
  readonly #longest: number;

  constructor(longestFirst: readonly string[]) {
    this.#longest = longestFirst[0]?.length ?? 0;
    for (const secret of longestFirst) {
      const beginning = secret.slice(0, minMaskedBytes);
      const same = this.#byBeginning.get(beginning);
      if (same === undefined) this.#byBeginning.set(beginning, [secret]);
      else same.push(secret);
      for (let length = 1; length < minMaskedBytes; length++) this.#beginnings.add(secret.slice(0, length));
    }
  }

  /** Returns the length of the longest secret at a place of a text; 0 if there is none. */
  longestAt(text: string, at: number): number {
    const same = this.#byBeginning.get(text.slice(at, at + minMaskedBytes));
    return same?.find((secret) => text.startsWith(secret, at))?.length ?? 0;
  }

  /** Returns where an incomplete secret may begin at the end of a text, or its length. */
  partialMatch(text: string): number {
    for (let at = Math.max(0, text.length - this.#longest + 1); at < text.length; at++) {
      const rest = text.slice(at);
      const isBeginning =
        rest.length < minMaskedBytes
          ? this.#beginnings.has(rest)
          : this.#byBeginning
              .get(rest.slice(0, minMaskedBytes))
              ?.some((secret) => secret.length > rest.length && secret.startsWith(rest));
      if (isBeginning === true) return at;
    }
    return text.length;
  }
}
