import { parseArgs } from "node:util";
import { nearest } from "../document/nearest.js";
import { currentFolder } from "../host/paths.js";
import type { Failure } from "../failure/failure.js";
import { type Flag, type FlagName, flags } from "./flags.js";
import { parseInit } from "./init-options.js";
import type { Subject } from "../engine/kubernetes/rights.js";
import { parseSubject } from "./cluster-subject.js";
import type { RunOptions } from "./run-options.js";
import { fail, ok, type Result } from "../failure/result.js";

/** A parsed command line; commands and tasks are not looked up yet. */
export interface Arguments {
  /** The flags that were given, by name. */
  readonly given: ReadonlySet<FlagName>;
  /** The words before `--`: a command or a task, and its arguments. */
  readonly words: readonly string[];
  readonly project: string | undefined;
  readonly help: boolean;
  readonly version: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly changes: boolean;
  readonly all: boolean;
  readonly show: boolean;
  readonly revoke: boolean;
  readonly graph: string | undefined;
  readonly short: boolean;
  readonly readData: boolean;
  readonly policy: boolean;
  /** Of \`approve\`: 1 to 60. */
  readonly minutes: number | undefined;
  readonly always: boolean;
  /** Of \`setup-cluster\`. */
  readonly subject: Subject | undefined;
  readonly options: RunOptions;
}

/** Returns the options of a run without any flag, for code that has no command line. */
export function defaultOptions(): RunOptions {
  const parsed = parseArguments([]);
  if (!parsed.ok) throw new Error("an empty command line was refused");
  return parsed.value.options;
}

/** Parses a command line. Failures: `usage`, and `unknown-name` for a flag that does not exist. */
export function parseArguments(argv: readonly string[]): Result<Arguments> {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  // --yes takes a value only after an equals sign, so that the word after it in `tazpod --yes enter` is the task
  const args = own.map((word) => (word === "--yes" || word === "-y" ? "--yes=*" : word));
  const wrong = unknownOption(args);
  if (wrong) return fail(wrong);
  try {
    const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true, strict: true });
    const fd = values["passphrase-fd"];
    if (fd !== undefined && !/^\d+$/.test(fd))
      return fail({ kind: "usage", message: `--passphrase-fd takes a number, not "${fd}".` });
    const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
    if (minutes !== undefined && !(/^\d+$/.test(values.minutes ?? "") && minutes >= 1 && minutes <= 60))
      return fail({
        kind: "usage",
        message: `--minutes takes a number from 1 to 60, not "${values.minutes}".`,
      });
    const variables = parseVariables(values.env ?? []);
    if (!variables.ok) return variables;
    const outside = values.dotenv?.find((path) => !isInVault(path));
    if (outside !== undefined)
      return fail({
        kind: "usage",
        message: `--dotenv takes a file in the vault, not ${JSON.stringify(outside)}.`,
        hint: "A path in the vault is relative, such as prod/.env. `tazpod vault set prod/.env < .env` stores one.",
      });
    const isForCluster = positionals[0] === "setup-cluster";
    const init = parseInit(isForCluster ? {} : values, currentFolder() ?? "/");
    if (!init.ok) return init;
    const subject = isForCluster ? parseSubject(values) : ok(undefined);
    if (!subject.ok) return subject;
    return ok({
      given: new Set(Object.keys(values) as FlagName[]),
      words: positionals,
      project: values.project,
      help: values.help ?? false,
      version: values.version ?? false,
      dryRun: values["dry-run"] ?? false,
      json: values.json ?? false,
      changes: values.changes ?? false,
      all: values.all ?? false,
      show: values.show ?? false,
      revoke: values.revoke ?? false,
      graph: values.graph,
      short: values.short ?? false,
      readData: values["read-data"] ?? false,
      policy: values.policy ?? false,
      minutes,
      always: values.always ?? false,
      subject: subject.value,
      options: {
        yes: values.yes === "*" ? "all" : new Set(values.yes?.split(",").filter((name) => name !== "") ?? []),
        parts: (values.part ?? []).flatMap((names) => names.split(",")).filter((name) => name !== ""),
        variables: variables.value,
        variableFiles: values.dotenv ?? [],
        inShell: values["in-shell"] ?? false,
        passphraseFd: fd === undefined ? undefined : Number(fd),
        passphraseFile: values["passphrase-file"],
        passphraseCommand: values["passphrase-command"],
        newPassphraseFile: values["new-passphrase-file"],
        offline: values.offline ?? false,
        at: values.at,
        discard: values.discard ?? false,
        skipUnreadable: values["skip-unreadable"] ?? false,
        idle: values.idle ?? false,
        force: values.force ?? false,
        verbose: values.verbose ?? false,
        quiet: values.quiet ?? false,
        init: init.value,
        json: values.json ?? false,
        args: end === -1 ? [] : argv.slice(end + 1),
      },
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fail({ kind: "usage", message: error.message.split(". ")[0] ?? error.message });
  }
}

/** `NAME=PATH` each. */
function parseVariables(given: readonly string[]): Result<RunOptions["variables"]> {
  const variables: { name: string; path: string }[] = [];
  for (const text of given) {
    const found = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/.exec(text);
    const [, name = "", path = ""] = found ?? [];
    if (found === null || !isInVault(path)) {
      return fail({
        kind: "usage",
        message: `--env takes NAME=PATH, not ${JSON.stringify(text)}.`,
        hint: "PATH is a file in the vault, such as prod/api-key; its content becomes the value.",
      });
    }
    variables.push({ name, path });
  }
  return ok(variables);
}

function isInVault(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !path.split("/").includes("..");
}

function unknownOption(args: readonly string[]): Failure | undefined {
  const all: readonly Flag[] = Object.values(flags);
  const short = all.flatMap((flag) => flag.short ?? []);
  for (const [index, word] of args.entries()) {
    const before = args[index - 1];
    const isValue =
      before !== undefined &&
      /^--[^=]+$/.test(before) &&
      flags[before.slice(2) as keyof typeof flags]?.type === "string";
    if (isValue || !word.startsWith("-") || word === "-") continue;
    const name = word.startsWith("--") ? (word.slice(2).split("=")[0] ?? "") : "";
    if (name !== "" ? name in flags : [...word.slice(1)].every((letter) => short.includes(letter))) continue;
    const close = nearest(name, Object.keys(flags));
    return {
      kind: "unknown-name",
      what: "option",
      name: word,
      ...(close === undefined ? {} : { nearest: `--${close}` }),
    };
  }
  return undefined;
}
