import type { Secret } from "../secret.js";

/** What one run of tazpod remembers between its steps, in memory only. */
export class Session {
  #passphrase: Secret | undefined;

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
