import type { Readable } from "node:stream";
import { withoutHidden } from "./hidden.js";
import { joinParagraphs, layOut } from "./layout.js";
import { jsonLine } from "./json-line.js";
import { printableLines } from "./printable.js";

/**
 * Everything that tazpod prints goes through this file: results to stdout, everything else to stderr. Text may quote
 * file names, remotes, containers or recipes, so characters that control the terminal are replaced here. tazpod's own
 * escape sequences are added afterwards, in this folder only; the linter forbids `process.stdout` and `process.stderr`
 * elsewhere.
 */

/** Why results could not be written: the first error of stdout. */
let outputError: NodeJS.ErrnoException | undefined;
process.stdout.on("error", (error) => (outputError ??= error));
process.stderr.on("error", () => undefined);

/** The exit code of a program that SIGPIPE ended: 128 + 13. */
export const brokenPipeCode = 141;

/**
 * Returns the exit code of a command that is done: the given one, unless its results could not be written. A reader
 * that has gone makes it 141, without a message; any other error, such as a full disk, 1, with a message.
 */
export async function exitCodeAfterOutput(code: number): Promise<number> {
  // errors of earlier writes are known when this one is done
  await new Promise<void>((resolve) => process.stdout.write("", () => setImmediate(resolve)));
  if (outputError === undefined || code !== 0) return code;
  if (outputError.code === "EPIPE") return brokenPipeCode;
  const why = outputError.code === "ENOSPC" ? "the disk is full" : outputError.message;
  printNote(`The results could not be written to stdout: ${why}.`);
  return 1;
}

/** Writes a result and a newline to stdout. */
export function printResult(text: string): void {
  process.stdout.write(`${layOut(shown(text), process.stdout)}\n`);
}

/** Writes a help text to stdout; a terminal gets its paragraphs in its own width. */
export function printHelp(text: string): void {
  printResult(process.stdout.isTTY ? joinParagraphs(text) : text);
}

/** Writes a value to stdout as one line of JSON, with unsafe characters escaped. */
export function printJson(value: unknown): void {
  process.stdout.write(`${jsonLine(value)}\n`);
}

/** Writes a note, question or failure and a newline to stderr. */
export function printNote(text: string): void {
  process.stderr.write(`${layOut(shown(text), process.stderr)}\n`);
}

/** Writes a note to the terminal while a program in it has the keyboard, in raw mode. Nothing without a terminal. */
export function printInShell(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\n${layOut(shown(text), process.stderr).replaceAll("\n", "\r\n")}\r\n`);
}

/** Rings the bell of the terminal on stderr. Nothing without a terminal. */
export function ringBell(): void {
  if (process.stderr.isTTY) process.stderr.write("\u0007");
}

/** Returns a question as it is shown on stderr, where it may be wider than the terminal. */
export function questionText(question: string): string {
  return layOut(shown(question), process.stderr);
}

/** Shows text on the terminal's alternate screen; returns a function that restores the main screen. */
export function showOnAlternateScreen(text: string): () => void {
  const hasAlternateScreen = process.env["TERM"] !== "dumb";
  if (hasAlternateScreen) process.stderr.write("\u001b[?1049h\u001b[H");
  printNote(text);
  return () => {
    if (hasAlternateScreen) process.stderr.write("\u001b[?1049l");
  };
}

/** Writes data to stdout unchanged. An error of stdout is left to `exitCodeAfterOutput`. */
export async function sendData(data: Readable): Promise<void> {
  const { pipeline } = await import("node:stream/promises");
  try {
    await pipeline(data, process.stdout, { end: false });
  } catch (error) {
    if (error !== outputError) throw error;
  }
}

/** Tells whether stdout is a terminal. */
export function resultsOnTerminal(): boolean {
  return Boolean(process.stdout.isTTY);
}

/** Returns the columns of the terminal on stderr; 0 if it is not a terminal. */
export function noteColumns(): number {
  return process.stderr.isTTY ? process.stderr.columns : 0;
}

function shown(text: string): string {
  return printableLines(withoutHidden(text));
}
