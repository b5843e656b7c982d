import type { Staleness } from "../remote/local-vault.js";
import type { Secret } from "../host/secret.js";
import type { Passphrase } from "../vault/read-passphrase.js";

/** What one run of tazpod remembers between its steps, in memory only. */
export class Session {
  /** Whether the remote has moved on, once that was asked. */
  freshness: Promise<Staleness> | undefined;
  /** The answer to that did not come in time. */
  isLate = false;
  /** The vault here was pulled, made or merged in this run. */
  isNews = false;
  /** The vault was open when this run last looked, or was opened by it. */
  sawOpen = false;
  /** This run unlocked the vault itself. */
  unlocked = false;
  /** The parts that were asked for by name, and that this run opened for that. */
  openedParts: readonly string[] = [];
  /** Those of them that are to be closed again at the end, unless somebody else has asked for them. */
  ownParts: readonly string[] = [];
  /** What could not be saved, since it lies in a closed part, in words; and the file that it was sealed to. */
  aside: string | undefined;
  asidePath: string | undefined;
  /** The shell is over: what closes the vault from now on must make sure that nobody else has joined. */
  isLeaving = false;
  /** The comings and goings of sessions before this run last looked whether everything is saved. */
  lookedAt: number | undefined;
  /** The volume whose copy of the project was made like it in this run, as far as is known. */
  carried: string | undefined;
  /** What of it could not be brought back then. */
  behind: readonly string[] = [];
  /** Takes back that this run is about to have a shell. */
  leave: () => Promise<void> = async () => undefined;
  readonly #over = new AbortController();
  #passphrase: Secret | undefined;
  #offered: Passphrase | undefined;

  /** Aborts when the run is over, for what nobody waits for. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** The passphrase of the vault, once it has opened one. */
  get passphrase(): Secret | undefined {
    return this.#passphrase;
  }

  /** Somebody has given a passphrase, whether it has opened anything or not. */
  get hasPassphrase(): boolean {
    return (this.#passphrase ?? this.#offered) !== undefined;
  }

  /** A passphrase that was given before anything was opened with it. */
  offer(passphrase: Passphrase): void {
    this.#offered = passphrase;
  }

  /** The one that was offered, once. */
  takeOffered(): Passphrase | undefined {
    const offered = this.#offered;
    this.#offered = undefined;
    return offered;
  }

  keep(passphrase: Secret): void {
    if (this.#passphrase !== passphrase) this.#passphrase?.wipe();
    this.#passphrase = passphrase;
  }

  end(): void {
    this.#over.abort();
    this.#passphrase?.wipe();
    this.#passphrase = undefined;
    this.takeOffered()?.secret.wipe();
  }
}
