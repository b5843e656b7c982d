import { stringify } from "yaml";
import { diffLines } from "diff";
import { printableLines, printableWhole } from "../host/printable.js";
import type { Command } from "./recipe-commands.js";
import { hashPrefix, type TrustedItem } from "./trusted-content.js";

/** What to report about a project. */
export interface TrustReport {
  readonly items: readonly TrustedItem[];
  /** The content that was trusted before in this folder. */
  readonly before: readonly TrustedItem[] | undefined;
  readonly commands: readonly Command[];
  readonly packages: readonly string[];
}

/**
 * Formats a project's overrides: settings as YAML, files, and commands. Compared with the content trusted before, `+`
 * marks new lines, `-` removed ones, and changed files are followed by their difference.
 */
export function formatSummary({ items, before, commands, packages }: TrustReport): string[] {
  return [
    ...section("Settings", settingLines(items, before)),
    ...section("Files", fileLines(items, before)),
    ...section("Commands", commands.map(commandLine)),
    ...uncovered(items, commands, packages),
  ];
}

/** Formats the full text of every new file; for changed files, the summary has the difference. */
export function formatFiles({ items, before }: Pick<TrustReport, "items" | "before">): string[] {
  const known = new Set(filesOf(before ?? []).map(({ name }) => name));
  return filesOf(items)
    .filter(({ name, value }) => !known.has(name) && !value.startsWith(hashPrefix))
    .flatMap(({ name, value }) => [
      "",
      `--- ${printableWhole(name)}`,
      ...printableLines(value.replace(/\n$/, "")).split("\n"),
    ]);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function settingLines(items: readonly TrustedItem[], before: readonly TrustedItem[] | undefined): string[] {
  const now = yamlOf(items);
  if (before === undefined) return linesOf(now);
  return diffText(yamlOf(before), now, Infinity);
}

function yamlOf(items: readonly TrustedItem[]): string {
  const settings = items.filter(({ kind }) => kind === "setting");
  if (settings.length === 0) return "";
  const value = Object.fromEntries(settings.map(({ name, value }) => [name, JSON.parse(value) as unknown]));
  return printableLines(
    stringify(value, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 }),
  );
}

function fileLines(items: readonly TrustedItem[], before: readonly TrustedItem[] | undefined): string[] {
  const files = filesOf(items);
  if (before === undefined) return files.map(fileLine);
  const old = new Map(filesOf(before).map((item) => [item.name, item]));
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
  if (was.startsWith(hashPrefix) || now.startsWith(hashPrefix)) return [`    was ${sizeOf(was)}`];
  return diffText(printableLines(was), printableLines(now), 3).map((line) => `    ${line}`);
}

function filesOf(items: readonly TrustedItem[]): readonly TrustedItem[] {
  return items.filter(({ kind }) => kind === "file");
}

function fileLine({ name, value }: TrustedItem): string {
  return `${printableWhole(name)} (${sizeOf(value)})`;
}

function sizeOf(value: string): string {
  if (value.startsWith(hashPrefix)) return `not shown, ${value}`;
  const lines = linesOf(value).length;
  return lines === 1 ? "1 line" : `${lines} lines`;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function commandLine({ name, what, argv }: Command): string {
  return `${printableWhole(name)} ${what}: ${argv.map(quote).join(" ")}`;
}

/** Quotes a word for a shell. */
function quote(word: string): string {
  const [first = "", ...more] = word.replace(/\n$/, "").split("\n");
  // the files below have it whole
  const text = printableWhole(more.length === 0 ? word : `${first} … (${more.length + 1} lines)`);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function uncovered(
  items: readonly TrustedItem[],
  commands: readonly Command[],
  packages: readonly string[],
): string[] {
  const hasScript = items.some(({ kind, name }) => kind === "file" && /\.[cm]?[jt]s$/.test(name));
  if (commands.length === 0 && !hasScript) return [];
  return [
    "Not checked: other files that these programs and scripts read or run.",
    ...(packages.length === 0
      ? []
      : [`Not checked: the packages ${packages.map(printableWhole).join(", ")}.`]),
  ];
}

/** Time limit of a comparison, in ms; beyond it, the whole text counts as replaced. */
const diffTimeoutMs = 1_000;

/**
 * Compares two texts by line. Lines start with `+`, `-` or a space; `context` unchanged lines are kept around a change.
 */
function diffText(before: string, after: string, context: number): string[] {
  const parts = diffLines(before, after, { timeout: diffTimeoutMs }) ?? [
    { value: before, added: false, removed: true },
    { value: after, added: true, removed: false },
  ];
  return parts.flatMap(({ value, added, removed }, index) => {
    const lines = value === "" ? [] : value.replace(/\n$/, "").split("\n");
    if (added) return lines.map((line) => `+ ${line}`);
    if (removed) return lines.map((line) => `- ${line}`);
    const head = index === 0 ? 0 : context;
    const tail = index === parts.length - 1 ? 0 : context;
    if (lines.length <= head + tail + 1) return lines.map((line) => `  ${line}`);
    const last = tail === 0 ? [] : lines.slice(-tail);
    return [...lines.slice(0, head), undefined, ...last].map((line) =>
      line === undefined ? "  …" : `  ${line}`,
    );
  });
}
