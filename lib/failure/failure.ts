/** A position in a text file. Line and column start at 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One mistake in a recipe or a config: where it is, what it is, and what to do. */
export interface Problem {
  readonly at?: Position;
  readonly message: string;
  /** What to do, or the closest known name. */
  readonly hint?: string;
  /** The line of the file with a marker under the mistake, ready to print. */
  readonly excerpt?: string;
}

/** How this host's record of an open vault was lost. */
export interface LostRecord {
  readonly file: string;
  readonly how: "removed" | "damaged";
}

/** Every expected failure, as data. `explain` turns one into a message. */
export type Failure =
  // the command line, recipe and config
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
  | {
      readonly kind: "precondition";
      readonly task: string;
      readonly message: string;
      readonly hint?: string;
      readonly at?: Position;
    }
  // people and time
  | {
      readonly kind: "answer-needed";
      readonly question: string;
      /** The option that answers it. */
      readonly flag: string;
      /** There is a terminal, but the user ended the input (Ctrl-D). */
      readonly inputEnded?: boolean;
    }
  | { readonly kind: "declined"; readonly question: string }
  /** A step of `chain` started this run, whose `task` is in the chain already, or would clear a fact that it relies on. */
  | {
      readonly kind: "nested-run";
      readonly task: string;
      readonly chain: readonly string[];
      readonly fact?: string;
    }
  | { readonly kind: "interrupted"; readonly signal: string }
  | { readonly kind: "timeout"; readonly what: string; readonly ms: number }
  /** A program printed more than the limit (in bytes) and was stopped. */
  | { readonly kind: "too-much-output"; readonly what: string; readonly limit: number }
  // steps and programs
  | { readonly kind: "task-failed"; readonly task: string; readonly cause: Failure }
  /** The project's folder was moved or removed during the run; the vault may still be open in the container. */
  | { readonly kind: "project-gone"; readonly root: string; readonly container: string | undefined }
  | { readonly kind: "cleanup-failed"; readonly first?: Failure; readonly causes: readonly Failure[] }
  | {
      readonly kind: "not-achieved";
      readonly task: string;
      readonly fact: string;
      readonly expected: boolean;
      readonly reason: string;
    }
  | {
      readonly kind: "script";
      readonly file: string;
      readonly message: string;
      /** It cannot be loaded, so another attempt is of no use. */
      readonly unloadable?: boolean;
    }
  | { readonly kind: "command-missing"; readonly program: string; readonly hint: string }
  | {
      readonly kind: "command-failed";
      readonly command: readonly string[];
      readonly code: number | undefined;
      readonly signal?: string;
      readonly detail: string;
    }
  /** An engine reported success, but its answer is empty or cut. */
  | { readonly kind: "answer-unreadable"; readonly engine: string; readonly command: readonly string[] }
  | {
      readonly kind: "exit-code";
      /** As it starts a sentence. */
      readonly command: string;
      readonly code: number;
    }
  | {
      readonly kind: "file";
      readonly action: string;
      readonly path: string;
      readonly code: string;
      readonly detail?: string;
    }
  /** The RAM folder of a locked vault holds files. */
  | { readonly kind: "secrets-not-empty"; readonly folder: string; readonly names: string }
  // the project and its container
  | { readonly kind: "no-project"; readonly from: string }
  /** tazpod was started in the container of the project that it is to manage. */
  | { readonly kind: "inside-container"; readonly project: string }
  | {
      readonly kind: "engine-unavailable";
      readonly engine: string;
      /** `user-namespace`: this user has no subordinate ids, or no newuidmap, for rootless containers. */
      readonly why:
        | "missing"
        | "not-answering"
        | "permission"
        | "user-namespace"
        | "configuration"
        | "credentials";
      readonly detail: string;
    }
  /** The connection to a container broke: what ran in it was ended if it could be reached. */
  | { readonly kind: "connection-lost"; readonly container: string; readonly detail: string }
  /** Why each engine that was tried is unavailable. */
  | { readonly kind: "no-engine"; readonly causes: readonly Failure[] }
  | {
      readonly kind: "container-foreign";
      readonly engine: string;
      readonly name: string;
      readonly owner: string;
      readonly project: string;
      /** True for the volume with a copy of the project; else it is a container. */
      readonly volume?: boolean;
    }
  | {
      readonly kind: "container-gone";
      readonly name: string;
      /** True if the vault was open in it. */
      readonly unsaved: boolean;
      /** True if the container runs again. */
      readonly restarted?: boolean;
    }
  /** It is paused or restarting: its RAM folder may be there, but nothing can be run in it. */
  | {
      readonly kind: "container-not-ready";
      readonly engine: string;
      readonly name: string;
      /** Its state in the engine's own word. */
      readonly reported: string;
    }
  /** The vault was opened where this tazpod does not look: with another HOME, engine or daemon. */
  | {
      readonly kind: "opened-elsewhere";
      readonly container: string;
      readonly engine: string;
      readonly address?: string;
      /** The state folder that was used, if that is the difference. */
      readonly state?: string;
      /** The file that says so, as messages show it. */
      readonly file: string;
    }
  | {
      readonly kind: "container-start";
      readonly name: string;
      readonly detail: string;
      /** `network`: the engine cannot set up the requested network. `cluster`: the cluster refuses or does not start the pod. */
      readonly why?: "network" | "cluster";
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
      /** The last lines of the build output. */
      readonly lines: readonly string[];
    }
  | { readonly kind: "image-unusable"; readonly image: string; readonly lacks: string; readonly hint: string }
  | { readonly kind: "ghost-mode-off" }
  /** The project is not trusted on this host, and there is no terminal to ask on. */
  | { readonly kind: "untrusted"; readonly text: string; readonly hash: string }
  /** A file of the project differs from what was trusted on this host, so it is not run. */
  | {
      readonly kind: "untrusted-file";
      readonly file: string;
      readonly why: "changed" | "new" | "gone";
    }
  /** A setting cannot be used with this engine or on this host. */
  | {
      readonly kind: "setting-unusable";
      readonly setting: string;
      readonly detail: string;
      readonly hint: string;
    }
  // several tazpod processes at once
  | { readonly kind: "busy"; readonly path: string; readonly host: string; readonly pid: number }
  /** Another process changed something between the plan and the step, so the plan is outdated. */
  | { readonly kind: "changed-meanwhile"; readonly detail: string }
  // the vault
  | { readonly kind: "passphrase-unusable"; readonly source: string; readonly detail: string }
  | {
      readonly kind: "wrong-passphrase";
      readonly path: string;
      readonly tries: number;
      /** True if it opens the vault that a pull has just replaced. */
      readonly isOld?: boolean;
    }
  | { readonly kind: "vault-format"; readonly path: string; readonly detail: string }
  | {
      readonly kind: "vault-damaged";
      readonly path: string;
      readonly detail: string;
      /** True if `path` is the remote's; then the local vault is unchanged. */
      readonly isRemote?: boolean;
    }
  | { readonly kind: "vault-absent"; readonly path: string }
  | { readonly kind: "vault-exists"; readonly path: string }
  | { readonly kind: "vault-closed" }
  /** The vault can be opened, but is older than one this host has opened before. */
  | {
      readonly kind: "vault-rollback";
      readonly path: string;
      readonly seen: number;
      readonly found: number;
      readonly host: string;
      /** ISO 8601. */
      readonly time: string;
    }
  /** This host never sealed, pulled or opened the vault at this path. */
  | { readonly kind: "vault-unknown"; readonly path: string }
  /** The marker file in the RAM folder is not the one this host wrote; it may name another host. */
  | {
      readonly kind: "mark-changed";
      readonly container: string;
      readonly host: string | undefined;
      readonly lost: LostRecord | undefined;
    }
  | {
      readonly kind: "vault-vanished";
      /** This host's own record was lost; the marker file in the container may be unchanged. */
      readonly lost?: LostRecord;
      /** The file that the remaining content of the RAM folder was sealed to. */
      readonly kept?: string;
    }
  | {
      readonly kind: "archive-refused";
      readonly entry: string;
      readonly detail: string;
      /** The archive is not a complete tar archive; the program that wrote it may report why. */
      readonly damaged?: boolean;
    }
  | {
      readonly kind: "archive-too-large";
      readonly bytes: number;
      readonly limit: number;
      readonly what: string;
      /** True if the limit is the free RAM, not a setting. */
      readonly lacksRam?: boolean;
    }
  | {
      readonly kind: "save-incomplete";
      readonly problems: readonly string[];
      /** The file at which reading stopped. */
      readonly cutAt?: string;
      /** True if everything else was saved. */
      readonly restSaved?: boolean;
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
  /** The login with IAM Identity Center failed. */
  | {
      readonly kind: "login-failed";
      readonly startUrl: string;
      /** `no-role`: the login is valid but does not grant the role. */
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
  /** The remote has no vault, although this host has pushed one there or pulled it. `since` is when, in ISO 8601. */
  | { readonly kind: "remote-vanished"; readonly url: string; readonly since: string }
  | {
      /** The remote has an older vault than this host saw there before. */
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

/** Returns the process's exit code for a failure; see "Exit codes" in `tazpod --help`. */
export function exitCode(failure: Failure): number {
  switch (failure.kind) {
    case "usage":
    case "unknown-name":
    case "invalid-document":
    case "plan-conflict":
      return 2;
    case "unmet-fact":
    case "unknown-fact":
    case "precondition":
    case "declined":
    case "nested-run":
    case "no-project":
    case "inside-container":
    case "engine-unavailable":
    case "container-foreign":
    case "container-not-ready":
    case "opened-elsewhere":
    case "image-unusable":
    case "ghost-mode-off":
    case "setting-unusable":
    case "vault-absent":
    case "vault-exists":
    case "vault-closed":
    case "secrets-not-empty":
    case "no-credentials":
    case "login-failed":
      return 3;
    case "answer-needed":
    case "untrusted":
    case "untrusted-file":
      return 4;
    case "conflict":
    case "remote-rollback":
    case "remote-vanished":
      return 5;
    case "interrupted":
      return 130;
    case "exit-code":
      return failure.code;
    case "task-failed":
      return exitCode(failure.cause);
    case "cleanup-failed": {
      const lead = failure.first ?? failure.causes[0];
      return lead === undefined ? 1 : exitCode(lead);
    }
    default:
      return 1;
  }
}
