import type { InitOptions } from "./init-options.js";

/** The options of a run, from the command line. */
export interface RunOptions {
  /** Confirms that count as answered yes: all of them, or those of the tasks named. */
  readonly yes: "all" | ReadonlySet<string>;
  readonly passphraseFd?: number;
  readonly passphraseFile?: string;
  readonly passphraseCommand?: string;
  /** Parts of the vault to open; empty means those that are open by default. */
  readonly parts: readonly string[];
  /** For `with`: variables of the command, each with the file in the vault that has its value. */
  readonly variables: readonly { readonly name: string; readonly path: string }[];
  /** For `with`: dotenv files in the vault, whose variables the command gets. */
  readonly variableFiles: readonly string[];
  /** For `with`: run the command in the shell's container. */
  readonly inShell: boolean;
  /** For `create`, `passwd` and `upgrade`: the file with the new passphrase. */
  readonly newPassphraseFile?: string;
  /** Do not contact a remote that needs a network. */
  readonly offline: boolean;
  /** Drop unsaved work. */
  readonly discard: boolean;
  /** Leave out files that cannot be read or stored in a vault. */
  readonly skipUnreadable: boolean;
  /** For `restore`: which copy of the history, by number or time. */
  readonly at?: string;
  /** For `down`: only if the container is idle. */
  readonly idle: boolean;
  /** Override a refusal that protects something. */
  readonly force: boolean;
  readonly verbose: boolean;
  /** Show failures only. */
  readonly quiet: boolean;
  /** For `init`: answers to its questions. */
  readonly init: InitOptions;
  /** Print JSON on stdout. */
  readonly json: boolean;
  /** The command after `--`, which `shell` runs in place of a shell. */
  readonly args: readonly string[];
}
