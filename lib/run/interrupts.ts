import type { Terminal } from "../host/terminal.js";

const watchedSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * What the signals mean at each moment. Work stops at the first one; cleanup goes on through SIGTERM and SIGHUP, and a
 * second Ctrl-C gives up on the cleanup step it meets, never on those after it. While a program owns the terminal,
 * Ctrl-C is that program's.
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

  /** The first signal that ended the work; undefined when none did. */
  get received(): string | undefined {
    return this.#received;
  }

  /** For whatever is going on now. */
  get signal(): AbortSignal {
    return this.#current.signal;
  }

  watch(): void {
    for (const name of watchedSignals) process.on(name, this.#onSignal);
  }

  unwatch(): void {
    for (const name of watchedSignals) process.off(name, this.#onSignal);
  }

  /** From now on a cleanup step runs: it has a signal of its own. */
  startCleanup(name: string): void {
    this.#cleaning = name;
    this.#asked = 0;
    this.#current = new AbortController();
  }

  endCleanup(): void {
    this.#cleaning = undefined;
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (name === "SIGINT" && this.#terminal.handedOver && process.stdin.isTTY) return;
    if (this.#cleaning !== undefined) {
      if (name !== "SIGINT") return;
      this.#asked += 1;
      if (this.#asked === 1)
        this.#terminal.print(`Still cleaning up (${this.#cleaning}). Press Ctrl-C again to give up on it.`);
      else this.#current.abort(name);
      return;
    }
    this.#received ??= name;
    this.#current.abort(name);
  };
}
