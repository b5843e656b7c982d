import { type Command, commands, listedTasks } from "../lib/cli/commands.js";
import { exitCodes, tagline } from "../lib/cli/help.js";
import { type FlagName, flags, flagUsage } from "../lib/run/flags.js";

/** Returns the manual page tazpod(1), in the macros of man(7), from the command table and the flags. */
export function manPage(version: string): string {
  return [
    `.\\" Written by \`npm run docs\`.`,
    `.TH TAZPOD 1 "" "tazpod ${version}"`,
    ".ad l",
    ".SH NAME",
    `tazpod \\- ${escaped(tagline)}`,
    ".SH SYNOPSIS",
    ".B tazpod",
    escaped("[COMMAND] [FLAGS] [-- CMD…]"),
    ".SH DESCRIPTION",
    escaped(
      "Without a command it is the same as `tazpod run enter`. `tazpod NAME` is short for `tazpod run NAME`.",
    ),
    ".SH COMMANDS",
    ...(commands as readonly Command[]).flatMap(command),
    ".SH TASKS",
    "The tasks of the built\\-in recipe that are used most:",
    ...listedTasks.flatMap(([usage, summary]) => [".TP", bold(`tazpod ${usage}`), sentence(summary)]),
    ".SH OPTIONS",
    escaped("`tazpod NAME --help` shows those of one command or task."),
    ...(Object.keys(flags) as FlagName[]).flatMap((name) => [
      ".TP",
      bold(flagUsage(name)),
      sentence(flags[name].help),
    ]),
    ".SH EXIT STATUS",
    ...lines(exitCodes),
    "",
  ].join("\n");
}

function command({ name, words, summary, details = "", examples = [] }: Command): readonly string[] {
  return [
    ".TP",
    bold(`tazpod ${name} ${words}`.trimEnd()),
    sentence(summary),
    ...(details === "" ? [] : [".sp", ...lines(details)]),
    ...(examples.length === 0 ? [] : [".sp", ".nf", ...examples.map((line) => escaped(line)), ".fi"]),
  ];
}

/** A text whose indented lines are kept as they are, and whose empty lines separate paragraphs. */
function lines(text: string): readonly string[] {
  let isKept = false;
  const written = text.split("\n").flatMap((line) => {
    const change = line.startsWith(" ") === isKept ? [] : [isKept ? ".fi" : ".nf"];
    isKept = line.startsWith(" ");
    return [...change, line === "" ? ".sp" : escaped(line)];
  });
  return isKept ? [...written, ".fi"] : written;
}

function sentence(text: string): string {
  return escaped(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

/** A text without characters that mean something to roff; those outside ASCII by their code points. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replaceAll(
      /[^\n\x20-\x7e]/gu,
      (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replace(/^\./, "\\&.");
}
