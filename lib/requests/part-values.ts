import { packFolder } from "../secrets-folder/pack.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { settle, type Result, take } from "../failure/result.js";
import { archiveLimit } from "../vault/archive/entry-policy.js";
import { normalise } from "../vault/archive/normalise.js";
import { readEntries } from "../vault/archive/tar-entries.js";

/** Of larger files, only this many bytes are searched for values. */
const searchedBytes = 256 * 1024;
/** Shorter values are not masked: they are too common. */
const shortestValue = 8;

/**
 * Returns what has to be masked in the output of a command with these parts of the vault: every line of their files, every
 * value after `=` or `:`, and every word that is long enough to be a token, if they have eight bytes or more. Failures: those
 * of reading the folder.
 */
export function valuesIn(secrets: SecretsFolder, signal: AbortSignal): Promise<Result<readonly Buffer[]>> {
  return settle(async () => {
    const found = new Set<string>();
    const packed = packFolder(secrets, { signal, lenient: false });
    const { tar } = normalise(packed.tar, {
      ...{ limitBytes: archiveLimit(secrets.secretsBytes), format: "age" },
    });
    for await (const { entry, content } of readEntries(tar)) {
      if (entry.type !== "file") continue;
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of content()) {
        if (size < searchedBytes) chunks.push(chunk);
        size += chunk.length;
      }
      const text = Buffer.concat(chunks).subarray(0, searchedBytes).toString("latin1");
      for (const value of valuesOf(text)) found.add(value);
      for (const chunk of chunks) chunk.fill(0);
    }
    take(await packed.done);
    return [...found].map((value) => Buffer.from(value, "latin1"));
  });
}

/** Returns the values in the text of a file: see `valuesIn`. */
export function* valuesOf(text: string): Generator<string> {
  for (const line of text.split(/[\r\n]+/)) {
    const candidates = [
      line.trim(),
      // what follows the first separator, as in dotenv, INI, YAML and JSON
      ...[/=(.*)$/, /:(?:\s+|(?=["']))(.*)$/, /^\S*?:(.*)$/].map((value) => value.exec(line)?.[1] ?? ""),
      // passwords in URLs and the like
      ...line.split(/[\s"'`,;:=@/|{}[\]()<>]+/).filter(isLikeToken),
      ...line.split(/[\s"'`,;]+/).filter(isLikeToken),
    ];
    for (const candidate of candidates) {
      const value = candidate
        .trim()
        .replace(/^(["'`])(.*?)\1?[,;]?$/, "$2")
        .replace(/,$/, "");
      if (value.length >= shortestValue) yield value;
    }
  }
}

/** Tells whether a word is no word of a language: long, or with a digit or letters of both cases. */
function isLikeToken(word: string): boolean {
  return word.length >= 16 || (word.length >= shortestValue && /\d/.test(word) && /[A-Za-z]/.test(word));
}
