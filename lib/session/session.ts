import type { Staleness } from "../remote/remote-types.js";
import type { Secret } from "../host/secret.js";
import type { Passphrase } from "../vault/read-passphrase.js";

/**
 * What one run of tazpod remembers between its steps, in memory only. Each part names the files that change it; others
 * only read it.
 */
export class Session {
  readonly passphrase = new PassphraseKeeper();
  readonly remoteCheck = new RemoteCheck();
  readonly vault = new VaultPresence();
  readonly parts = new RequestedParts();
  readonly strays = new Strays();
  readonly workspace = new WorkspaceSync();
  /** Set by a step that changed the settings of the project, so that they are read again; reset by `Services`. */
  settingsChanged = false;
  /** This run has made the container; changed by lib/session/project-container.ts. */
  madeContainer = false;
  readonly #over = new AbortController();

  /** Aborts when the run is over, for background work that nothing waits for. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  end(): void {
    this.#over.abort();
    this.passphrase.wipe();
  }
}

/** The passphrase of the vault; changed by lib/session/ask-passphrase.ts. At most one is known, and it has opened a vault. */
class PassphraseKeeper {
  #known: Secret | undefined;
  #offered: Passphrase | undefined;

  /** The passphrase that has opened a vault in this run. */
  get known(): Secret | undefined {
    return this.#known;
  }

  /** Whether a passphrase was given, even if it has opened nothing yet. */
  get isGiven(): boolean {
    return (this.#known ?? this.#offered) !== undefined;
  }

  /** Holds a passphrase that has opened nothing yet, for the next step that needs one. */
  offer(passphrase: Passphrase): void {
    this.#offered = passphrase;
  }

  takeOffered(): Passphrase | undefined {
    const offered = this.#offered;
    this.#offered = undefined;
    return offered;
  }

  /** Keeps a passphrase that has opened a vault, and wipes the one before. */
  keep(passphrase: Secret): void {
    if (this.#known !== passphrase) this.#known?.wipe();
    this.#known = passphrase;
  }

  wipe(): void {
    this.#known?.wipe();
    this.#known = undefined;
    this.takeOffered()?.secret.wipe();
  }
}

/** Whether the remote has a newer vault; changed by lib/session/staleness.ts. The remote is asked at most once a run. */
class RemoteCheck {
  /** The answer of the remote, once it was asked. */
  answer: Promise<Staleness> | undefined;
  /** The shell did not wait for the answer; it is reported after the shell. */
  isLate = false;
  /** The local vault was pulled, created, merged or restored in this run, so the remote need not be asked. */
  isNeedless = false;
}

/** This run's view of the open vault; changed by tasks/unlock.ts and tasks/shell.ts. */
class VaultPresence {
  /** The vault was open when this run last looked, or this run opened it. */
  sawOpen = false;
  /** This run unlocked the vault. Then `sawOpen` is true. */
  unlockedHere = false;
  /** The shell has ended: before this run locks the vault, it has to check that no other session has joined. */
  isLeaving = false;
  /** The count of sessions that came and went before this run last checked that everything is saved. */
  checkedAt: number | undefined;
  /** Removes the record that this run is about to open a shell. */
  leave: () => Promise<void> = async () => undefined;
}

/** The parts of the vault that were asked for by name; changed by lib/session/open-and-close-parts.ts and join.ts. */
class RequestedParts {
  /** Parts that this run opened. */
  opened: readonly string[] = [];
  /** Parts to close at the end, unless another session has asked for them. */
  toClose: readonly string[] = [];
}

/** Files in closed parts, which a save cannot put into the vault; changed by lib/session/save-vault.ts. */
class Strays {
  /** The sealed file that holds them. Later saves of this run replace it. */
  path: string | undefined;
  #message: string | undefined;

  keep(path: string | undefined, message: string): void {
    this.path = path;
    this.#message = message;
  }

  /** Returns what to tell the user, once. */
  takeMessage(): string | undefined {
    const message = this.#message;
    this.#message = undefined;
    return message;
  }
}

/** The copy of the project in the container, with `workspace: copy`; changed by tasks/carry.ts, tasks/shell.ts and run-task-inside.ts. */
class WorkspaceSync {
  /** The volume that was synced in this run, and that no shell has used since. */
  syncedVolume: string | undefined;
  /** Whether a task has used it since, which may have changed it: it has the current project, but maybe more. */
  isUsedByTask = false;
  /** The volume that has nothing but what was synced. */
  get unchangedVolume(): string | undefined {
    return this.isUsedByTask ? undefined : this.syncedVolume;
  }
  /** Files in the volume that could not be brought back. */
  notSynced: readonly string[] = [];
}
