import type { Position } from "../failure/failure.js";

/** A check of the outside world. It has no effects, and returns true, false or unknown. */
export type Check =
  | { readonly kind: "exists"; readonly path: string }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "command"; readonly argv: readonly string[] }
  | { readonly kind: "script"; readonly script: ScriptRef; readonly check?: string }
  | { readonly kind: "fact"; readonly fact: string }
  | { readonly kind: "not"; readonly check: Check }
  | { readonly kind: "all" | "any"; readonly checks: readonly Check[] };

/** `builtin` names a script that comes with tazpod; `file` is the absolute path of a project's script. */
export type ScriptRef =
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "file"; readonly file: string };

/** A value for `{{name}}`. */
export interface Variable {
  readonly name: string;
  /** Its text; for one that the command line may give, the default. */
  readonly text?: string;
  /** The program that prints its value. */
  readonly command?: readonly string[];
  /** Time limit of `command` in ms. */
  readonly timeoutMs: number;
  /** False if it is written as a plain text, without saying what it may be. */
  readonly isDeclared: boolean;
  readonly help?: string;
  /** The only values allowed; empty if any is. */
  readonly choices: readonly string[];
  readonly type: "text" | "number" | "boolean";
  /** Whether it may be empty. */
  readonly optional: boolean;
  /** An argument that takes all words after `--`. */
  readonly variadic: boolean;
  readonly at: Position;
}

/** What a task does. */
export type Action =
  | { readonly kind: "script"; readonly script: ScriptRef }
  | { readonly kind: "cmds"; readonly cmds: readonly (readonly string[])[] }
  | { readonly kind: "none" };

/** A statement about the outside world that a check can verify. */
export interface Fact {
  readonly name: string;
  readonly desc?: string;
  /** Facts that must hold; if one does not, this fact is false without a check. */
  readonly requires: readonly string[];
  readonly check: Check;
  /** Tasks that can make it true, preferred ones first; empty if nothing can. */
  readonly providers: readonly string[];
  /** Time limit of the check in ms. */
  readonly timeoutMs: number;
  /** Whether an unknown result counts as true for a plan. */
  readonly onUnknown: "fail" | "pass";
  /** True if a plan assumes the fact while it cannot be known yet. */
  readonly presume: boolean;
  /** True if `tazpod status` leaves it out. */
  readonly internal: boolean;
  readonly at: Position;
}

/** A check that must pass before a task runs. */
export interface Precondition {
  readonly check: Check;
  /** May use `{{reason}}`, the text of the check. */
  readonly msg: string;
  /** Whether the task runs if the check cannot tell. */
  readonly onUnknown: "fail" | "pass";
  readonly at: Position;
}

/** A question before a task runs. */
export interface Confirm {
  /** May use `{{reason}}`, why the task is due. */
  readonly msg: string;
  /** True if it is asked only when a `finally` runs the task. */
  readonly onlyFinally: boolean;
  /** The answer for Enter. */
  readonly default: boolean;
  /** What to do without a terminal; `--yes` does not answer such a question. */
  readonly instead?: string;
}

/** A file with environment variables. */
export interface DotenvFile {
  readonly file: string;
  /** Whether it may be missing. */
  readonly optional: boolean;
}

/** A task that runs afterwards. */
export interface FinallyEntry {
  readonly task: string;
  /** A fact; while it holds, the task is skipped. */
  readonly unless?: string;
}

/** A step of a recipe. */
export interface Task {
  readonly name: string;
  readonly desc?: string;
  readonly summary?: string;
  readonly aliases: readonly string[];
  readonly internal: boolean;
  readonly needs: readonly string[];
  readonly wants: readonly string[];
  readonly provides: readonly string[];
  readonly clears: readonly string[];
  /** Names of the command-line flags that it reads. */
  readonly flags: readonly string[];
  readonly preconditions: readonly Precondition[];
  readonly confirm?: Confirm;
  readonly interactive: boolean;
  readonly silent: boolean;
  /** Time limit of one attempt, in ms; unlimited if absent. */
  readonly timeoutMs?: number;
  /** Time that its programs have to end after a signal, before they are killed; the project's setting if absent. */
  readonly graceMs?: number;
  /** Number of further attempts after a failure. */
  readonly retries: number;
  readonly finally: readonly FinallyEntry[];
  /** Words of the command line after its name. */
  readonly args: readonly Variable[];
  readonly vars: readonly Variable[];
  readonly env: Readonly<Record<string, string>>;
  /** Files of the project with environment variables, relative to the project. */
  readonly dotenv: readonly DotenvFile[];
  /** The folder in which its programs run, relative to the project. */
  readonly dir?: string;
  /** Whether its commands run in the project's container. */
  readonly inContainer: boolean;
  /** Names of its outputs: each is what it prints on stdout. */
  readonly outputs: readonly string[];
  /** The tasks whose outputs its texts use. */
  readonly uses: readonly string[];
  readonly action: Action;
  readonly at: Position;
}

/** A named list of tasks. */
export interface Goal {
  readonly name: string;
  readonly desc?: string;
  readonly summary?: string;
  readonly aliases: readonly string[];
  readonly run: readonly string[];
  readonly at: Position;
}

/** Tasks that run whenever another task makes a fact true or false. */
export interface Hooks {
  readonly fact: string;
  readonly afterTrue: readonly string[];
  readonly beforeFalse: readonly string[];
}

/** A merged and checked recipe: all names are known, and there are no cycles. */
export interface Recipe {
  readonly facts: ReadonlyMap<string, Fact>;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly goals: ReadonlyMap<string, Goal>;
  readonly vars: readonly Variable[];
  readonly hooks: Hooks;
  /** The files it was read from, base first. */
  readonly files: readonly string[];
}
