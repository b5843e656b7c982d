import type { Finished } from "../host/process.js";
import type { Terminal } from "../host/terminal.js";
import type { Result } from "../failure/result.js";
import type { CheckResult } from "../failure/check-result.js";
import type { Values } from "../recipe/render.js";
import type { Recipe, Task } from "../recipe/recipe.js";
import type { TrustedCode } from "../trust/trusted-code.js";
import type { Facts } from "./facts.js";
import type { Interrupts } from "./interrupts.js";
import type { RunOptions } from "./run-options.js";
import type { KnownValues } from "./given-values.js";
import type { Progress } from "./progress.js";

/** The part of the context of checks and steps that the runner itself uses. */
export interface RunContext {
  /** The project: `root` is its folder, absolute, and `config` its settings with all defaults. */
  readonly project: { readonly root: string; readonly configFile?: string; readonly initialised?: boolean };
  /** The flags of the command line, such as `force`, `quiet` and `offline`. */
  readonly options: RunOptions;
  /** The user's terminal: `print` writes a note to stderr, and `warn` one that `--quiet` shows, too; `confirm` (which `--yes` answers), `line` and `secret` ask. */
  readonly terminal: Terminal;
  /** Aborts when the step has to stop: interrupted, hung up, or out of time. The reason is the signal's name. */
  readonly signal: AbortSignal;
  /** Time that a program has to end after `signal`, before it is killed. */
  readonly graceMs: number;
  /** The recipe's variables, with the task's own. */
  readonly vars: Readonly<Record<string, string>>;
  /** The same, as they fill commands. */
  readonly values: Values;
  /** The words after `--`, if this task takes them. */
  readonly words: readonly string[];
  /** The folder in which the task's programs run, absolute. */
  readonly folder: string;
  /** The task's `env`, and the variables of its `dotenv` files that the environment lacks. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Runs a program in the project's container, as its user, and resolves to its exit code. Failures: `container-gone`,
   * `vault-closed`, `interrupted`.
   */
  readonly inContainer: (program: InsideProgram) => Promise<Result<Finished>>;
  /** Shows a line of progress while the step runs. */
  readonly report: (text: string) => void;
  /** Prints a line on the step's stdout, which is also what its `outputs` are. */
  readonly print: (line: string) => void;
  /** The project's own scripts and programs that the user trusts, as they were then. */
  readonly code: TrustedCode;
}

/** A program to run in the project's container. */
export interface InsideProgram {
  /** The program, then its arguments. */
  readonly argv: readonly string[];
  /** Environment variables, in addition to those of a shell there. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder to run it in, relative to the project; undefined for the project. */
  readonly dir: string | undefined;
  /** Whether it starts only while the vault is open. */
  readonly needsVault: boolean;
  /** Where its stdout goes: 1 for stdout, 2 for stderr, undefined if the program owns the terminal. */
  readonly output: 1 | 2 | undefined;
  /** Called with what it prints on stdout, which is then not shown. */
  readonly onStdout?: ((chunk: Buffer) => void) | undefined;
  /** Called with each line of its output, which is then not shown. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** What the runner needs from the caller: variables, contexts, and a call after each step. */
interface RunServices {
  readonly project: RunContext["project"];
  readonly terminal: Terminal;
  readonly options: RunOptions;
  /** Values that are found out during the run. */
  readonly known: KnownValues;
  /** The variables of a recipe, or of one of its tasks. */
  vars(recipe: Recipe, task?: Task): Readonly<Record<string, string>>;
  /** The context for a check (`task` undefined) or for a step. */
  context(
    recipe: Recipe,
    task: Task | undefined,
    signal: AbortSignal,
    report?: RunContext["report"],
    print?: RunContext["print"],
  ): RunContext;
  /** Drops what was read before a step, because the step may have changed it. */
  refresh(recipe: Recipe): Promise<Result<void>>;
}

/** Everything one run of a recipe works with. */
export interface Run<S extends RunServices = RunServices> {
  readonly recipe: Recipe;
  readonly services: S;
  readonly facts: Facts;
  readonly interrupts: Interrupts;
  readonly progress: Progress;
}

/**
 * The exports of a step script. A thrown error or a failed result fails the step. A text in the result says in one
 * sentence what was done, and is shown in place of the task's description.
 */
export interface StepScript {
  readonly run?: (context: RunContext) => Promise<Result<unknown> | void>;
  readonly checks?: Readonly<Record<string, (context: RunContext) => Promise<CheckResult>>>;
}

export const holds = (reason: string): CheckResult => ({ state: "true", reason });
export const fails = (reason: string, hint?: string): CheckResult => ({
  state: "false",
  reason,
  hint,
});
export const unknown = (reason: string, hint?: string): CheckResult => ({
  state: "unknown",
  reason,
  hint,
});
