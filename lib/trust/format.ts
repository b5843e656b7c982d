import { stringify } from "yaml";
import { printableLines, printableWhole } from "../host/printable.js";
import { type Command } from "./commands.js";
import { hashed, type Thing } from "./trusted-content.js";
import { lineDifference } from "./difference.js";

export interface Shown {
  readonly things: readonly Thing[];
  /** What was trusted before in this folder. */
  readonly before: readonly Thing[] | undefined;
  readonly commands: readonly Command[];
  readonly packages: readonly string[];
}

/**
 * What a project says for itself, in lines: settings as YAML, files, and commands. With what was trusted before, `+` and `-`
 * are before what is new and gone, and changed files have their difference below them.
 */
export function formatSummary({ things, before, commands, packages }: Shown): string[] {
  return [
    ...section("Settings", settingLines(things, before)),
    ...section("Files", fileLines(things, before)),
    ...section("Commands", commands.map(commandLine)),
    ...uncovered(things, commands, packages),
  ];
}

/** The whole text of every file that this host has not trusted in another state: of those, the difference is shown. */
export function formatFiles({ things, before }: Pick<Shown, "things" | "before">): string[] {
  const known = new Set(filesOf(before ?? []).map(({ name }) => name));
  return filesOf(things)
    .filter(({ name, value }) => !known.has(name) && !value.startsWith(hashed))
    .flatMap(({ name, value }) => [
      "",
      `--- ${printableWhole(name)}`,
      ...printableLines(value.replace(/\n$/, "")).split("\n"),
    ]);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function settingLines(things: readonly Thing[], before: readonly Thing[] | undefined): string[] {
  const now = yamlOf(things);
  if (before === undefined) return linesOf(now);
  return lineDifference(yamlOf(before), now, Infinity);
}

function yamlOf(things: readonly Thing[]): string {
  const settings = things.filter(({ kind }) => kind === "setting");
  if (settings.length === 0) return "";
  const value = Object.fromEntries(settings.map(({ name, value }) => [name, JSON.parse(value) as unknown]));
  return printableLines(
    stringify(value, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 }),
  );
}

function fileLines(things: readonly Thing[], before: readonly Thing[] | undefined): string[] {
  const files = filesOf(things);
  if (before === undefined) return files.map(fileLine);
  const old = new Map(filesOf(before).map((thing) => [thing.name, thing]));
  const names = new Set(files.map(({ name }) => name));
  return [
    ...files.flatMap((file) => {
      const was = old.get(file.name);
      if (was === undefined) return [`+ ${fileLine(file)}`];
      if (was.value === file.value) return [`  ${fileLine(file)}`];
      return [`~ ${fileLine(file)}`, ...changeLines(was.value, file.value)];
    }),
    ...[...old.values()].filter(({ name }) => !names.has(name)).map((file) => `- ${fileLine(file)}`),
  ];
}

function changeLines(was: string, now: string): string[] {
  if (was.startsWith(hashed) || now.startsWith(hashed)) return [`    was ${sizeOf(was)}`];
  return lineDifference(printableLines(was), printableLines(now), 3).map((line) => `    ${line}`);
}

function filesOf(things: readonly Thing[]): readonly Thing[] {
  return things.filter(({ kind }) => kind === "file");
}

function fileLine({ name, value }: Thing): string {
  return `${printableWhole(name)} (${sizeOf(value)})`;
}

function sizeOf(value: string): string {
  if (value.startsWith(hashed)) return `not shown, ${value}`;
  const lines = linesOf(value).length;
  return lines === 1 ? "1 line" : `${lines} lines`;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function commandLine({ name, what, argv }: Command): string {
  return `${printableWhole(name)} ${what}: ${argv.map(quote).join(" ")}`;
}

/** A word as a shell would take it. */
function quote(word: string): string {
  const text = printableWhole(word);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function uncovered(
  things: readonly Thing[],
  commands: readonly Command[],
  packages: readonly string[],
): string[] {
  const hasScript = things.some(({ kind, name }) => kind === "file" && /\.[cm]?[jt]s$/.test(name));
  if (commands.length === 0 && !hasScript) return [];
  return [
    "Not covered: what these programs and scripts read or run themselves, beyond the files above.",
    ...(packages.length === 0 ? [] : [`Not covered: the packages ${packages.map(printableWhole).join(", ")}.`]),
  ];
}
