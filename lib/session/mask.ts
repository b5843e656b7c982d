import { Transform } from "node:stream";

const mask = "***";
/** What is shorter than this, in bytes, stands in any text by chance. */
export const minMaskedBytes = 4;
/** A line of a longer secret is masked by itself, too, from this many bytes on. */
const minMaskedLine = 8;

/**
 * Passes bytes on with every secret in them replaced by `***`, also where it comes in pieces: what may be the beginning
 * of one is held back until that is known. Of a secret of several lines each line of eight bytes or more is replaced, too.
 */
export function createMask(secrets: readonly Buffer[]): Transform {
  // one character a byte, so that no secret is cut in the middle of one
  const texts = secrets.map((secret) => secret.toString("latin1"));
  const lines = texts.flatMap((text) => text.split(/\r?\n/)).filter((line) => line.length >= minMaskedLine);
  const wanted = [...new Set([...texts.filter((text) => text.length >= minMaskedBytes), ...lines])];
  const longestFirst = wanted.toSorted((a, b) => b.length - a.length);
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

/** Where the secrets stand that begin before `cut`, the longest at each place. */
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

/** From where on `text` may be the beginning of a secret whose end is yet to come; its length when nowhere. */
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
