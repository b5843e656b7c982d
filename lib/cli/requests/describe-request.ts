import { formatBytes, formatFileCount, formatSeconds, ago } from "../../host/human.js";
import { foreignLetters, quoted, withEscapes } from "../../host/quoted.js";
import type { NamedFile, ReceivedRequest } from "../../requests/request.js";

/** A line of a request's description. What continues it in a narrow terminal is indented by `indent` columns. */
export interface DescribedLine {
  readonly text: string;
  readonly indent: number;
}

/**
 * Describes all of a request, with nothing left out: first what would run, then the program's own words. Every text of
 * the program is quoted, or has escapes and a mark in front, so that it can be told from tazpod's own.
 */
export function describeRequest(request: ReceivedRequest): readonly DescribedLine[] {
  const { command, asker, files, copy, openInShell, ruling, received } = request;
  const { parts, argv, folder, variables, variableFiles, write, why } = command;
  const numbers = String(argv.length).length;
  const names = (all: readonly string[]): string => all.map(name).join(", ");
  const foreign = foreignLetters([...argv, folder].join(""));
  return [
    field("Parts", parts.length === 0 ? "none" : names(parts)),
    ...(openInShell.length === 0
      ? []
      : [field("", `open in the shell too, where programs can read them anyway: ${names(openInShell)}`)]),
    field("Command", argv.length === 1 ? "1 word" : `${argv.length} words, one on each line`),
    ...argv.map((word, index) => ({
      text: `  ${String(index + 1).padStart(numbers)}  ${quoted(word)}`,
      indent: numbers + 5,
    })),
    ...(foreign.length === 0
      ? []
      : [field("", `letters outside ASCII: ${foreign.map(codePoint).join(", ")}`)]),
    field("Folder", quoted(folder)),
    ...variables.map(({ name: variable, path }, index) =>
      field(
        index === 0 ? "Variables" : "",
        `${name(variable)} with the content of ${quoted(path)} in the vault`,
      ),
    ),
    ...variableFiles.map((path, index) =>
      field(index + variables.length === 0 ? "Variables" : "", `those in ${quoted(path)} of the vault`),
    ),
    field("Changes", write ? "to the project are BROUGHT BACK (--write)" : "to the project are dropped"),
    field("Network", ruling.offline ? "none" : "as in the shell"),
    field(
      "Project",
      ruling.withoutProject
        ? "the command sees an empty /workspace"
        : `the command sees a copy: ${formatFileCount(copy.files)}, ${formatBytes(copy.bytes)}`,
    ),
    ...(ruling.withoutProject || files.length > 0 ? [] : [field("", "it names no file of the project")]),
    ...files.map((file, index) => field(index === 0 ? "Files" : "", describeFile(file))),
    field(ruling.decision === "ask" ? "Asked" : "Decided", withEscapes(ruling.why)),
    field("From", `${withEscapes(asker)}, as the container reports`),
    field("Received", ago(new Date(received))),
    { text: "The reason, in the program's own words:", indent: 2 },
    ...(why === "" ? ["(none)"] : why.split("\n").map((line) => `  | ${withEscapes(line)}`)).map((text) => ({
      text,
      indent: 4,
    })),
  ];
}

/** Describes a request in one line: what is known first, then the command's words, as far as they are short. */
export function summarizeRequest({ id, state, command, asker, received }: ReceivedRequest): string {
  const age = ago(new Date(received)).replace(/^just now$/, "now");
  const parts = command.parts.map(name).join(",") || "-";
  return `${withEscapes(id).padEnd(4)}  ${state.padEnd(7)}  ${age.padEnd(9)}  ${parts}  ${commandWords(command.argv)}  < ${withEscapes(asker)}`;
}

/** Returns the words of a command, quoted where they need it, in at most about 200 characters. */
export function commandWords(argv: readonly string[]): string {
  let words = "";
  for (const word of argv) {
    if (words.length > 200) return `${words} …`;
    // what is cut off here is on the request's page
    words += `${words === "" ? "" : " "}${name(word.length > 200 ? `${word.slice(0, 200)}…` : word)}`;
  }
  return words;
}

/** Tells how long until a request expires; undefined if it runs already. */
export function timeLeft({ state, expires }: ReceivedRequest, now: Date): string | undefined {
  if (state === "running") return undefined;
  const seconds = (new Date(expires).getTime() - now.getTime()) / 1000;
  return seconds <= 0 ? "expired" : `expires in ${formatSeconds(seconds)}`;
}

function describeFile({ path, type, bytes, modified, target }: NamedFile): string {
  const changed = `changed ${ago(new Date(modified))}`;
  if (type === "link") return `${quoted(path)}, a link to ${quoted(target ?? "")}, ${changed}`;
  const size = formatBytes(bytes);
  return type === "directory"
    ? `${quoted(path)}, a folder with ${size}, last ${changed}`
    : `${quoted(path)}, ${size}, ${changed}`;
}

function field(label: string, text: string): DescribedLine {
  return { text: `${label.padEnd(9)}  ${text}`, indent: 11 };
}

/** A plain word as it is, any other quoted. */
function name(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text);
}

function codePoint(letter: string): string {
  return `${letter} U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
