import type { Readable } from "node:stream";
import { isatty } from "node:tty";
import { withoutHidden } from "./hidden.js";
import { joinParagraphs, layOut } from "./layout.js";
import { jsonLine } from "./json-line.js";
import { printableLines } from "./printable.js";
import { isUsed, stderr, stdout, streamError } from "./standard-streams.js";

/**
 * Everything that tazpod prints goes through this file: results to stdout, everything else to stderr. Text may quote
 * file names, remotes, containers or recipes, so characters that control the terminal are replaced here. tazpod's own
 * escape sequences are added afterwards, in this folder only; the linter forbids `process.stdout` and `process.stderr`
 * elsewhere.
 */

/** The exit code of a program that SIGPIPE ended: 128 + 13. */
export const brokenPipeCode = 141;

/**
 * Returns the exit code of a command that is done: the given one, unless its results could not be written. A reader
 * that has gone makes it 141, without a message; any other error, such as a full disk, 1, with a message.
 */
export async function exitCodeAfterOutput(code: number): Promise<number> {
  if (!isUsed("stdout")) return code;
  // errors of earlier writes are known when this one is done
  await new Promise<void>((resolve) => stdout().write("", () => setImmediate(resolve)));
  const outputError = streamError("stdout");
  if (outputError === undefined || code !== 0) return code;
  if (outputError.code === "EPIPE") return brokenPipeCode;
  const why = outputError.code === "ENOSPC" ? "the disk is full" : outputError.message;
  printNote(`The results could not be written to stdout: ${why}.`);
  return 1;
}

/** Writes a result and a newline to stdout. */
export function printResult(text: string): void {
  stdout().write(`${layOut(shown(text), stdout())}\n`);
}

/** Writes a help text to stdout; a terminal gets its paragraphs in its own width. */
export function printHelp(text: string): void {
  printResult(stdout().isTTY ? joinParagraphs(text) : text);
}

/** Writes a value to stdout as one line of JSON, with unsafe characters escaped. */
export function printJson(value: unknown): void {
  stdout().write(`${jsonLine(value)}\n`);
}

/** Writes a note, question or failure and a newline to stderr. */
export function printNote(text: string): void {
  stderr().write(`${layOut(shown(text), stderr())}\n`);
}

/** Writes a note to the terminal while a program in it has the keyboard, in raw mode. Nothing without a terminal. */
export function printInShell(text: string): void {
  if (!isatty(2)) return;
  stderr().write(`\r\n${layOut(shown(text), stderr()).replaceAll("\n", "\r\n")}\r\n`);
}

/** Rings the bell of the terminal on stderr. Nothing without a terminal. */
export function ringBell(): void {
  if (isatty(2)) stderr().write("\u0007");
}

/** Returns a question as it is shown on stderr, where it may be wider than the terminal. */
export function questionText(question: string): string {
  return layOut(shown(question), stderr());
}

/** Shows text on the terminal's alternate screen; returns a function that restores the main screen. */
export function showOnAlternateScreen(text: string): () => void {
  const hasAlternateScreen = process.env["TERM"] !== "dumb";
  if (hasAlternateScreen) stderr().write("\u001b[?1049h\u001b[H");
  printNote(text);
  return () => {
    if (hasAlternateScreen) stderr().write("\u001b[?1049l");
  };
}

/** Writes data to stdout unchanged. An error of stdout is left to `exitCodeAfterOutput`. */
export async function sendData(data: Readable): Promise<void> {
  const { pipeline } = await import("node:stream/promises");
  try {
    await pipeline(data, stdout(), { end: false });
  } catch (error) {
    if (error !== streamError("stdout")) throw error;
  }
}

/** Tells whether stdout is a terminal. */
export function resultsOnTerminal(): boolean {
  return isatty(1);
}

/** Returns the columns of the terminal on stderr; 0 if it is not a terminal. */
export function noteColumns(): number {
  return isatty(2) ? stderr().columns : 0;
}

function shown(text: string): string {
  return printableLines(withoutHidden(text));
}
