/** What a program in the container asks to have run, as the program gave it: none of it is trusted. */
export interface RequestedCommand {
  /** The parts of the vault that it needs, by name. */
  readonly parts: readonly string[];
  readonly argv: readonly string[];
  /** Where it runs: an absolute path in the container, /workspace or below. */
  readonly folder: string;
  /** The program's own reason. */
  readonly why: string;
  /** Whether changes that it makes in the project are brought back. */
  readonly write: boolean;
  /** Variables with the content of a file of the vault. */
  readonly variables: readonly { readonly name: string; readonly path: string }[];
  /** Files of the vault with lines NAME=VALUE. */
  readonly variableFiles: readonly string[];
}

/** A file or folder of the project that a command names, in the copy that it will see. */
export interface NamedFile {
  /** Relative to the project. */
  readonly path: string;
  readonly type: "file" | "directory" | "link";
  /** In bytes; of a folder, with everything in it. */
  readonly bytes: number;
  /** ISO 8601; of a folder, the newest in it. */
  readonly modified: string;
  /** Where a link leads. */
  readonly target?: string;
}

/** What is decided about a command without asking, and by which rule. */
export interface Ruling {
  readonly decision: "allow" | "ask" | "deny";
  /** One sentence: which rule decided and where it is. */
  readonly why: string;
  /** The command gets no network. */
  readonly offline: boolean;
  /** The allowed command sees an empty /workspace, since programs in the container can change the project's files. */
  readonly withoutProject: boolean;
}

/** A request as the session that received it shows it to front ends. */
export interface ReceivedRequest {
  /** Four letters and digits, unique among the sessions of this project. */
  readonly id: string;
  readonly state: "waiting" | "running";
  readonly command: RequestedCommand;
  /** The program that asks, as far as the container tells: `node agent.js (process 321)`. */
  readonly asker: string;
  /** ISO 8601. When it expires, an unanswered request is denied. */
  readonly received: string;
  readonly expires: string;
  readonly files: readonly NamedFile[];
  /** The copy of the project that the command will see. */
  readonly copy: { readonly files: number; readonly bytes: number };
  /** The requested parts that are open in the shell, too, where programs can read them anyway. */
  readonly openInShell: readonly string[];
  readonly ruling: Ruling;
}

/** The longest time for which a command can be allowed, in minutes. */
export const longestMinutes = 60;

/** A person's answer. `minutes`: also for the same command with the same files, for this time; `never`: denied, and not asked again in this session. */
export type Answer =
  | { readonly answer: "once" }
  | { readonly answer: "minutes"; readonly minutes: number }
  | { readonly answer: "deny" }
  | { readonly answer: "never" };

/** What a front end asks of a session, and what it gets, both as a line of JSON. */
export type SessionQuestion =
  | { readonly op: "list" }
  | { readonly op: "difference"; readonly id: string }
  | ({ readonly op: "answer"; readonly id: string } & Answer);

export type SessionReply =
  | { readonly requests: readonly ReceivedRequest[] }
  /** The difference between the last commit and the copy, as lines to print; uncleaned. */
  | { readonly difference: readonly string[] }
  | { readonly done: true }
  | { readonly problem: string };
