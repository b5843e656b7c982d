import type { InitOptions } from "./init-options.js";

/** What the command line says about a run. */
export interface RunOptions {
  /** Confirms that count as answered yes: all of them, or those of the tasks named. */
  readonly yes: "all" | ReadonlySet<string>;
  readonly passphraseFd?: number;
  readonly passphraseFile?: string;
  readonly passphraseCommand?: string;
  /** Parts of the vault to open; none is what is opened without being asked for. */
  readonly parts: readonly string[];
  /** For `with`: variables of the command, each with the file in the vault that has its value. */
  readonly variables: readonly { readonly name: string; readonly path: string }[];
  /** For `with`: run the command in the shell's container. */
  readonly inShell: boolean;
  /** For `passwd` and `upgrade`: the passphrase that is to be. */
  readonly newPassphraseFile?: string;
  /** The remote is not asked anything, where that takes a network. */
  readonly offline: boolean;
  /** Unsaved work may be thrown away. */
  readonly discard: boolean;
  /** What cannot be read, or cannot be in a vault, is left out of it. */
  readonly skipUnreadable: boolean;
  /** For `restore`: which copy of the history, by number or time. */
  readonly at?: string;
  /** A refusal that protects something may be overridden. */
  readonly force: boolean;
  readonly verbose: boolean;
  /** For `init`: answers to what it asks. */
  readonly init: InitOptions;
  /** stdout is for JSON alone. */
  readonly json: boolean;
  /** What follows `--`: the command that `shell` runs in place of a shell. */
  readonly args: readonly string[];
}
