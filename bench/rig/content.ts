import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { MiB } from "./measure.js";

const words = Array.from({ length: 5000 }, (_, index) => randomBytes(2 + (index % 7)).toString("hex"));

/** Returns words with a skewed distribution, which compress like natural text. */
function text(bytes: number): Buffer {
  const random = randomBytes(Math.min(bytes, MiB) + 4);
  let written = "";
  for (let at = 0; written.length < bytes; at = (at + 4) % (random.length - 4)) {
    const product = random.readUInt16LE(at) * random.readUInt16LE(at + 2);
    written += `${words[Math.floor((product / 2 ** 32) * words.length)]} `;
  }
  return Buffer.from(written.slice(0, bytes));
}

/** Writes one file of random bytes, or of words. */
export function writeContent(file: string, bytes: number, kind: "random" | "words"): void {
  const out = openSync(file, "w", 0o600);
  for (let left = bytes; left > 0; left -= MiB)
    writeSync(out, kind === "words" ? text(MiB) : randomBytes(MiB));
  closeSync(out);
}

/** Creates a folder of files of 1 MiB; random bytes and words by turns. */
export function largeFiles(folder: string, count: number): string {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index++)
    writeContent(join(folder, `file-${index}`), MiB, index % 2 === 0 ? "random" : "words");
  return folder;
}

/** Creates a folder of small files of words, 100 in a folder. */
export function smallFiles(folder: string, count: number, bytes: number): string {
  for (let index = 0; index < count; index++) {
    const sub = join(folder, `folder-${Math.floor(index / 100)}`);
    if (index % 100 === 0) mkdirSync(sub, { recursive: true });
    writeFileSync(join(sub, `file-${index}`), text(bytes));
  }
  return folder;
}
