import { readCheck } from "./read-check.js";
import {
  argumentsOf,
  type Fields,
  flagOf,
  itemsOf,
  leafOf,
  mapOf,
  namesOf,
  textOf,
  timeOf,
} from "./fields.js";
import { readArguments, readVariables } from "./read-variables.js";
import { isJavaScript, scriptRef } from "./check-scripts.js";
import { usesIn } from "./outputs.js";
import { type MapTree, positionOf, type Tree } from "./recipe-tree.js";
import type {
  Action,
  Check,
  Confirm,
  DotenvFile,
  Fact,
  FinallyEntry,
  Goal,
  Precondition,
  ScriptRef,
  Task,
} from "./recipe.js";

const factTimeoutMs = 5000;

/** Reads a fact. `providers` has only what the fact itself lists; the caller has checked that `check` exists. */
export function readFact(name: string, { place, entries }: MapTree, check: Check): Fact {
  return {
    name,
    ...optional("desc", textOf(entries, "desc")),
    requires: namesOf(entries, "requires"),
    check,
    providers: namesOf(entries, "providers"),
    timeoutMs: timeOf(entries, "timeout") ?? factTimeoutMs,
    onUnknown: textOf(entries, "on_unknown") === "pass" ? "pass" : "fail",
    presume: flagOf(entries, "presume"),
    internal: flagOf(entries, "internal"),
    at: positionOf(place, "key"),
  };
}

/** Reads a task. */
export function readTask(name: string, tree: MapTree): Task {
  const { place, entries } = tree;
  const [vars, outputs] = [entries.get("vars"), entries.get("outputs")];
  return {
    name,
    ...optional("desc", textOf(entries, "desc")),
    ...optional("summary", textOf(entries, "summary")),
    aliases: namesOf(entries, "aliases"),
    internal: flagOf(entries, "internal"),
    needs: namesOf(entries, "needs"),
    wants: namesOf(entries, "wants"),
    provides: namesOf(entries, "provides"),
    clears: namesOf(entries, "clears"),
    flags: namesOf(entries, "flags"),
    preconditions: itemsOf(entries, "preconditions").flatMap(readPrecondition),
    ...optional("confirm", readConfirm(entries.get("confirm"))),
    interactive: flagOf(entries, "interactive"),
    silent: flagOf(entries, "silent"),
    ...optional("timeoutMs", timeOf(entries, "timeout")),
    ...optional("graceMs", timeOf(entries, "grace")),
    retries: Number(leafOf(entries, "retries") ?? 0),
    finally: itemsOf(entries, "finally").flatMap(readFinally),
    args: readArguments(entries),
    vars: vars?.kind === "map" ? readVariables(vars.entries) : [],
    env: mapOf(entries, "env"),
    dotenv: itemsOf(entries, "dotenv").flatMap(readDotenv),
    ...optional("dir", textOf(entries, "dir")),
    inContainer: textOf(entries, "in") === "container",
    outputs: outputs?.kind === "map" ? [...outputs.entries.keys()] : [],
    uses: [...new Set(usesIn(tree).map(({ task }) => task))],
    action: readAction(name, entries, place.layer.builtin),
    at: positionOf(place, "key"),
  };
}

/** Reads a goal. */
export function readGoal(name: string, { place, entries }: MapTree): Goal {
  return {
    name,
    ...optional("desc", textOf(entries, "desc")),
    ...optional("summary", textOf(entries, "summary")),
    aliases: namesOf(entries, "aliases"),
    run: namesOf(entries, "run"),
    at: positionOf(place, "key"),
  };
}

function readPrecondition(tree: Tree): readonly Precondition[] {
  if (tree.kind !== "map") return [];
  const check = tree.entries.get("check");
  if (check === undefined) return [];
  const onUnknown = textOf(tree.entries, "on_unknown") === "pass" ? "pass" : "fail";
  return [
    {
      check: readCheck(check),
      msg: textOf(tree.entries, "msg") ?? "",
      onUnknown,
      at: positionOf(tree.place),
    },
  ];
}

function readConfirm(tree: Tree | undefined): Confirm | undefined {
  if (tree === undefined || tree.kind === "list") return undefined;
  if (tree.kind === "leaf") return { msg: String(tree.value), default: true, onlyFinally: false };
  return {
    msg: textOf(tree.entries, "msg") ?? "",
    default: leafOf(tree.entries, "default") !== false,
    onlyFinally: textOf(tree.entries, "only") === "finally",
    ...optional("instead", textOf(tree.entries, "instead")),
  };
}

function readFinally(tree: Tree): readonly FinallyEntry[] {
  if (tree.kind === "leaf") return [{ task: String(tree.value) }];
  if (tree.kind === "list") return [];
  return [
    { task: textOf(tree.entries, "task") ?? "", ...optional("unless", textOf(tree.entries, "unless")) },
  ];
}

function readDotenv(tree: Tree): readonly DotenvFile[] {
  if (tree.kind === "leaf") return [{ file: String(tree.value), optional: false }];
  if (tree.kind === "list") return [];
  return [{ file: textOf(tree.entries, "file") ?? "", optional: flagOf(tree.entries, "optional") }];
}

function readAction(name: string, entries: Fields, builtin: boolean): Action {
  const script = entries.get("script");
  const text = textOf(entries, "script");
  if (script !== undefined && text !== undefined) return scriptAction(scriptRef(text, script.place), entries);
  const cmds = itemsOf(entries, "cmds").map(argumentsOf);
  if (cmds.length > 0) return { kind: "cmds", cmds };
  // `cmds: []` means nothing to do; a built-in task without an action runs the script of its name
  return builtin && !entries.has("cmds")
    ? { kind: "script", script: { kind: "builtin", name } }
    : { kind: "none" };
}

/** Returns the action of a script: a program in another language than JavaScript is a command, with the words after --. */
function scriptAction(script: ScriptRef, entries: Fields): Action {
  if (script.kind === "builtin" || isJavaScript(script.file)) return { kind: "script", script };
  const rest = readArguments(entries).find(({ variadic }) => variadic);
  return { kind: "cmds", cmds: [[script.file, ...(rest === undefined ? [] : [`{{${rest.name}}}`])]] };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
