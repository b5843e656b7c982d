import { Transform } from "node:stream";
import { mask, partsToHide } from "./hidden.js";

/**
 * Returns a stream that replaces every secret by `***`, also one that arrives in several chunks: a possible beginning
 * is held back until the rest has come. Each line of eight bytes or more of a longer secret is replaced, too.
 */
export function createMask(secrets: readonly Buffer[]): Transform {
  // latin1 maps each byte to one character, so a secret is never split inside a character
  const longestFirst = partsToHide(secrets.map((secret) => secret.toString("latin1")));
  let held = "";
  const pass = (text: string, isEnd: boolean): Buffer => {
    const cut = isEnd ? text.length : findPartialMatch(text, longestFirst);
    let shown = "";
    let at = 0;
    for (const [start, end] of findSecrets(text, longestFirst, cut)) {
      shown += `${text.slice(at, start)}${mask}`;
      at = end;
    }
    const rest = Math.max(at, cut);
    held = text.slice(rest);
    return Buffer.from(shown + text.slice(at, rest), "latin1");
  };
  return new Transform({
    transform: (chunk: Buffer, _, done) => done(null, pass(held + chunk.toString("latin1"), false)),
    flush: (done) => done(null, pass(held, true)),
  });
}

/** Yields start and end of the secrets that begin before `cut`, the longest at each place. */
function* findSecrets(text: string, wanted: readonly string[], cut: number): Generator<[number, number]> {
  for (let at = 0; at < cut;) {
    const found = wanted
      .map((secret) => ({ start: text.indexOf(secret, at), end: secret.length }))
      .filter(({ start }) => start !== -1 && start < cut)
      .toSorted((a, b) => a.start - b.start)[0];
    if (found === undefined) return;
    at = found.start + found.end;
    yield [found.start, at];
  }
}

/** Returns where an incomplete secret may begin at the end of `text`, or its length. */
function findPartialMatch(text: string, wanted: readonly string[]): number {
  let first = text.length;
  for (const secret of wanted) {
    const from = Math.max(0, text.length - secret.length + 1);
    for (let at = text.indexOf(secret.charAt(0), from); at !== -1 && at < first;) {
      if (secret.startsWith(text.slice(at))) first = at;
      else at = text.indexOf(secret.charAt(0), at + 1);
    }
  }
  return first;
}
