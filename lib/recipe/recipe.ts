import type { Position } from "../failure/failure.js";

/** A question about the world. It only reads; it answers true, false or unknown. */
export type Check =
  | { readonly kind: "exists"; readonly path: string }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "command"; readonly argv: readonly string[] }
  | { readonly kind: "script"; readonly script: ScriptRef; readonly check?: string }
  | { readonly kind: "fact"; readonly fact: string }
  | { readonly kind: "not"; readonly check: Check }
  | { readonly kind: "all" | "any"; readonly checks: readonly Check[] };

/** `builtin` names a script shipped with tazpod; `file` is an absolute path of a project's own. */
export type ScriptRef =
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "file"; readonly file: string };

export type Action =
  | { readonly kind: "script"; readonly script: ScriptRef }
  | { readonly kind: "cmds"; readonly cmds: readonly (readonly string[])[] }
  | { readonly kind: "none" };

export interface Fact {
  readonly name: string;
  readonly desc?: string;
  /** Facts without which this one is false and is not probed. */
  readonly requires: readonly string[];
  readonly check: Check;
  /** Tasks that can make it true, in order of preference; empty when nothing can. */
  readonly providers: readonly string[];
  /** Time limit of the check in ms. */
  readonly timeoutMs: number;
  /** Whether a check that cannot tell counts as though it held, for a plan. */
  readonly onUnknown: "fail" | "pass";
  /** Planned as though it held while it cannot be known yet. */
  readonly presume: boolean;
  /** Left out of `tazpod status`. */
  readonly internal: boolean;
  readonly at: Position;
}

export interface Precondition {
  readonly check: Check;
  /** May use `{{reason}}`, the check's own words. */
  readonly msg: string;
  /** Whether a check that cannot tell lets the step run. */
  readonly onUnknown: "fail" | "pass";
  readonly at: Position;
}

export interface Confirm {
  /** May use `{{reason}}`, why the task is due. */
  readonly msg: string;
  /** Asked only in what a `finally` runs. */
  readonly onlyFinally: boolean;
  /** The answer that Enter gives. */
  readonly default: boolean;
  /** What to do where there is no terminal; such a question is not answered by `--yes`. */
  readonly instead?: string;
}

export interface FinallyEntry {
  readonly task: string;
  /** A fact; while it holds the entry is left out. */
  readonly unless?: string;
}

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
  /** Time limit of one attempt in ms; none when absent. */
  readonly timeoutMs?: number;
  /** How many more attempts after a failed one. */
  readonly retries: number;
  readonly finally: readonly FinallyEntry[];
  readonly vars: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly action: Action;
  readonly at: Position;
}

export interface Goal {
  readonly name: string;
  readonly desc?: string;
  readonly summary?: string;
  readonly aliases: readonly string[];
  readonly run: readonly string[];
  readonly at: Position;
}

/** The merged recipe, valid: every name in it is known, and there is no cycle. */
export interface Recipe {
  readonly facts: ReadonlyMap<string, Fact>;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly goals: ReadonlyMap<string, Goal>;
  readonly vars: Readonly<Record<string, string>>;
  /** The files it was read from, ancestors first. */
  readonly files: readonly string[];
}
