import { survivesHangUp } from "../host/hang-up.js";
import { inputIsTerminal } from "../host/standard-input.js";
import type { Terminal } from "../host/terminal.js";

const watchedSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Handles SIGINT, SIGTERM and SIGHUP. Work stops at the first one. Cleanup continues on SIGTERM and SIGHUP; a second
 * Ctrl-C gives up the current cleanup step, but not the ones after it. While a program owns the terminal, Ctrl-C is
 * left to it. A second SIGTERM ends tazpod in any case: see lib/host/end-signals.ts.
 */
export class Interrupts {
  readonly #terminal: Terminal;
  #current = new AbortController();
  #received: string | undefined;
  #cleaning: string | undefined;
  #asked = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** The first signal that stopped the work, if any. */
  get received(): string | undefined {
    return this.#received;
  }

  /** The signal for the current step. */
  get signal(): AbortSignal {
    return this.#current.signal;
  }

  watch(): void {
    for (const name of watchedSignals) process.on(name, this.#onSignal);
  }

  unwatch(): void {
    for (const name of watchedSignals) process.off(name, this.#onSignal);
  }

  /** Starts a cleanup step, which gets its own signal. */
  startCleanup(name: string): void {
    this.#cleaning = name;
    this.#asked = 0;
    this.#current = new AbortController();
  }

  endCleanup(): void {
    this.#cleaning = undefined;
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (name === "SIGHUP" && survivesHangUp()) return;
    if (name === "SIGINT" && this.#terminal.handedOver && inputIsTerminal()) return;
    if (this.#cleaning !== undefined) {
      if (name !== "SIGINT") return;
      this.#asked += 1;
      if (this.#asked === 1)
        this.#terminal.warn(`Still cleaning up (${this.#cleaning}). Press Ctrl-C again to give up on it.`);
      else this.#current.abort(name);
      return;
    }
    this.#received ??= name;
    this.#current.abort(name);
  };
}
