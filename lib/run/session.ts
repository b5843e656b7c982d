import type { Freshness } from "../remote/freshness.js";
import type { Secret } from "../secret.js";

/** What one run of tazpod remembers between its steps, in memory only. */
export class Session {
  /** Whether the remote has moved on, once that was asked. */
  freshness: Promise<Freshness> | undefined;
  /** The answer to that did not come in time. */
  isLate = false;
  /** The vault here was pulled, made or merged in this run. */
  isNews = false;
  readonly #over = new AbortController();
  #passphrase: Secret | undefined;

  /** Aborts when the run is over, for what nobody waits for. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** The passphrase of the vault, once it has opened one. */
  get passphrase(): Secret | undefined {
    return this.#passphrase;
  }

  keep(passphrase: Secret): void {
    if (this.#passphrase !== passphrase) this.#passphrase?.wipe();
    this.#passphrase = passphrase;
  }

  end(): void {
    this.#over.abort();
    this.#passphrase?.wipe();
    this.#passphrase = undefined;
  }
}
