import type { Secret } from "../secret.js";

/** What one run of tazpod remembers between its steps, in memory only. */
export class Session {
  /** Names this run inside the container, so that what it started there can be found again. */
  readonly id: string;
  #passphrase: Secret | undefined;

  constructor(id: string) {
    this.id = id;
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
    this.#passphrase?.wipe();
    this.#passphrase = undefined;
  }
}
