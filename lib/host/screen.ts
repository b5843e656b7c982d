import type { Readable } from "node:stream";
import { printableLines, unsafeCharacters } from "./printable.js";

/**
 * Everything that tazpod prints itself goes through this file: results to stdout, all else to stderr. Text may quote a file
 * name, a remote, a container or a recipe, so what would drive the terminal is replaced here. Escape sequences of tazpod's
 * own are added after that, in this folder only; the linter refuses `process.stdout` and `process.stderr` elsewhere.
 */

/** Writes a result and a newline to stdout. */
export function printResult(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`);
}

/** Writes a value to stdout as one line of JSON. Unsafe characters are escaped, so that nothing of the data is lost. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value).replaceAll(unsafeCharacters, escaped)}\n`);
}

/** Writes a note, question or failure and a newline to stderr. */
export function printNote(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
}

/** Shows text on the terminal's alternate screen; the returned function takes it away again. */
export function showOnAlternateScreen(text: string): () => void {
  const apart = process.env["TERM"] !== "dumb";
  if (apart) process.stderr.write("\u001b[?1049h\u001b[H");
  printNote(text);
  return () => {
    if (apart) process.stderr.write("\u001b[?1049l");
  };
}

/** Writes data to stdout as it is. A reader that stops early is not an error. */
export async function sendData(data: Readable): Promise<void> {
  const { pipeline } = await import("node:stream/promises");
  try {
    await pipeline(data, process.stdout, { end: false });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  }
}

/** Whether results go to a terminal. */
export function resultsOnTerminal(): boolean {
  return Boolean(process.stdout.isTTY);
}

/** The columns of the terminal that notes go to; 0 when they go elsewhere. */
export function noteColumns(): number {
  return process.stderr.isTTY ? process.stderr.columns : 0;
}

function escaped(found: string): string {
  return found
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
