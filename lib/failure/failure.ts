/** A place in a text file, 1-based, as editors count. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing wrong in a recipe or a config: where, what, and what to do. */
export interface Problem {
  readonly at?: Position;
  readonly message: string;
  /** What to do, or the nearest known name. */
  readonly hint?: string;
  /** The line of the file with a marker under the place, ready to print. */
  readonly excerpt?: string;
}

/** Every way tazpod can fail, as data. `explain` is the only author of messages. */
export type Failure =
  // what was typed, and what was written
  | { readonly kind: "usage"; readonly message: string; readonly hint?: string }
  | {
      readonly kind: "unknown-name";
      readonly what: string;
      readonly name: string;
      readonly nearest?: string;
      readonly known?: readonly string[];
    }
  | { readonly kind: "invalid-document"; readonly problems: readonly Problem[] }
  // the plan
  | {
      readonly kind: "unmet-fact";
      readonly fact: string;
      readonly desc?: string;
      readonly task?: string;
      readonly reason: string;
    }
  | {
      readonly kind: "unknown-fact";
      readonly fact: string;
      readonly desc?: string;
      readonly reason: string;
      readonly hint?: string;
    }
  | { readonly kind: "plan-conflict"; readonly message: string; readonly hint?: string }
  | { readonly kind: "precondition"; readonly task: string; readonly message: string; readonly at?: Position }
  // people and time
  | { readonly kind: "answer-needed"; readonly question: string; readonly flag: string }
  | { readonly kind: "declined"; readonly question: string }
  | { readonly kind: "interrupted"; readonly signal: string }
  | { readonly kind: "timeout"; readonly what: string; readonly ms: number }
  /** A program printed more than is kept, and was ended. */
  | { readonly kind: "too-much-output"; readonly what: string; readonly limit: number }
  // steps and programs
  | { readonly kind: "task-failed"; readonly task: string; readonly cause: Failure }
  | { readonly kind: "cleanup-failed"; readonly first?: Failure; readonly causes: readonly Failure[] }
  | {
      readonly kind: "not-achieved";
      readonly task: string;
      readonly fact: string;
      readonly expected: boolean;
      readonly reason: string;
    }
  | { readonly kind: "script"; readonly file: string; readonly message: string }
  | { readonly kind: "command-missing"; readonly program: string; readonly hint: string }
  | {
      readonly kind: "command-failed";
      readonly command: readonly string[];
      readonly code: number | undefined;
      readonly signal?: string;
      readonly detail: string;
    }
  | { readonly kind: "exit-code"; readonly command: string; readonly code: number }
  | {
      readonly kind: "file";
      readonly action: string;
      readonly path: string;
      readonly code: string;
      readonly detail?: string;
    }
  // the project and its container
  | { readonly kind: "no-project"; readonly from: string }
  | {
      readonly kind: "engine-unavailable";
      readonly engine: string;
      /** `user-namespace`: an ordinary user lacks what it takes to be root in a container. */
      readonly why: "missing" | "not-answering" | "permission" | "user-namespace";
      readonly detail: string;
    }
  /** Of all that were asked, why each is not to be had. */
  | { readonly kind: "no-engine"; readonly causes: readonly Failure[] }
  | {
      readonly kind: "container-foreign";
      readonly engine: string;
      readonly name: string;
      readonly owner: string;
      readonly project: string;
      /** It is the volume with a copy of the project. */
      readonly volume?: boolean;
    }
  | {
      readonly kind: "container-gone";
      readonly name: string;
      /** The vault was open in it. */
      readonly unsaved: boolean;
      /** It runs again. */
      readonly restarted?: boolean;
    }
  | {
      readonly kind: "container-start";
      readonly name: string;
      readonly detail: string;
      /** The engine cannot give it the network that is asked for. */
      readonly why?: "network";
    }
  | {
      readonly kind: "image-unavailable";
      readonly engine: string;
      readonly image: string;
      readonly detail: string;
    }
  | {
      readonly kind: "build-failed";
      readonly dockerfile: string;
      /** The end of what the engine printed. */
      readonly lines: readonly string[];
    }
  | { readonly kind: "image-unusable"; readonly image: string; readonly lacks: string; readonly hint: string }
  | { readonly kind: "ghost-mode-off" }
  /** What the project says was not yet trusted on this host, and nobody can be asked. */
  | { readonly kind: "untrusted"; readonly text: string; readonly hash: string }
  /** A file of the project is not what was trusted on this host, so it is not run. */
  | {
      readonly kind: "untrusted-file";
      readonly file: string;
      readonly why: "changed" | "new" | "gone";
    }
  /** What a setting asks for is not to be had here. */
  | {
      readonly kind: "setting-unusable";
      readonly setting: string;
      readonly detail: string;
      readonly hint: string;
    }
  // several at once
  | { readonly kind: "busy"; readonly path: string; readonly host: string; readonly pid: number }
  /** The vault was opened or closed between the plan and the step: to be planned again. */
  | { readonly kind: "changed-meanwhile"; readonly detail: string }
  // the vault
  | { readonly kind: "passphrase-unusable"; readonly source: string; readonly detail: string }
  | { readonly kind: "wrong-passphrase"; readonly path: string; readonly tries: number }
  | { readonly kind: "vault-format"; readonly path: string; readonly detail: string }
  | { readonly kind: "vault-damaged"; readonly path: string; readonly detail: string }
  | { readonly kind: "vault-absent"; readonly path: string }
  | { readonly kind: "vault-exists"; readonly path: string }
  | { readonly kind: "vault-closed" }
  /** It opens, and is older than one that this host has opened before. */
  | {
      readonly kind: "vault-rollback";
      readonly path: string;
      readonly seen: number;
      readonly found: number;
      readonly host: string;
      /** ISO 8601. */
      readonly time: string;
    }
  /** The bytes at this path are neither sealed, nor pulled, nor opened by this host. */
  | { readonly kind: "vault-unknown"; readonly path: string }
  /** The mark in the RAM folder is not the one that this host left. */
  | { readonly kind: "mark-changed"; readonly container: string }
  | {
      readonly kind: "vault-vanished";
      /** Where what still lay in the RAM folder was sealed to. */
      readonly kept?: string;
    }
  | {
      readonly kind: "archive-refused";
      readonly entry: string;
      readonly detail: string;
      /** It is no whole tar archive: whoever made it may say why. */
      readonly damaged?: boolean;
    }
  | {
      readonly kind: "archive-too-large";
      readonly bytes: number;
      readonly limit: number;
      readonly what: string;
      /** The limit is what is free in RAM, and not a setting. */
      readonly lacksRam?: boolean;
    }
  | {
      readonly kind: "save-incomplete";
      readonly problems: readonly string[];
      /** The file at which reading came to an end. */
      readonly cutAt?: string;
    }
  | { readonly kind: "still-open"; readonly detail: string }
  | { readonly kind: "still-held"; readonly holders: string }
  // the remote
  | {
      readonly kind: "no-credentials";
      readonly profile?: string;
      readonly detail: string;
      readonly hint: string;
    }
  /** The login by IAM Identity Center came to nothing. */
  | {
      readonly kind: "login-failed";
      readonly startUrl: string;
      /** `no-role`: the login holds, and does not give the role. */
      readonly why: "denied" | "expired" | "unavailable" | "refused" | "no-role";
      readonly detail: string;
    }
  | {
      readonly kind: "remote-unavailable";
      readonly url: string;
      readonly reason: string;
      readonly hint?: string;
    }
  | { readonly kind: "remote-absent"; readonly url: string }
  | {
      /** The remote holds an older vault than this host has seen there. */
      readonly kind: "remote-rollback";
      readonly url: string;
      readonly seen: number;
      readonly found: number;
      /** ISO 8601. */
      readonly modified: string;
      readonly host?: string;
    }
  | { readonly kind: "conflict"; readonly message: string; readonly hint: string };

export type FailureKind = Failure["kind"];
export type FailureOf<K extends FailureKind> = Extract<Failure, { kind: K }>;
