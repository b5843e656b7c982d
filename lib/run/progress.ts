import { steadyTime } from "../host/clock.js";
import type { Terminal, TerminalWatcher } from "../host/terminal.js";
import type { Result } from "../failure/result.js";
import { formatSeconds, formatWork } from "../host/human.js";
import { startLogGroup } from "../host/log-group.js";
import { receiveWork } from "../host/work-meter.js";

export type Report = (text: string) => void;

/** A step that runs, as its task's name and its title, and the titles of the steps that wait for it. */
interface ShownStep {
  readonly name: string;
  readonly title: string;
  readonly waiting: readonly string[];
}

/** Shows what runs. */
export interface Progress {
  /** Shows a step, and its result: the sentence that the step returned, or its title. */
  step(shown: ShownStep, work: (report: Report) => Promise<Result<unknown>>): Promise<Result<unknown>>;
  /**
   * Shows that `work` still runs, once nothing was printed or asked for a second. Nothing of it stays on the screen.
   */
  during<T>(title: string, work: () => Promise<T>): Promise<T>;
}

/** How long the screen may stand still before that is shown. */
const patienceMs = 1000;
const lineIntervalMs = 10_000;

/** Returns the line for a step that has ended. In logs it begins with the task's name, so that it can be found. */
export function resultLine(
  { name, title }: Omit<ShownStep, "waiting">,
  result: Result<unknown>,
  terminal: Terminal,
): string {
  const [mark, shown] = outcomeOf(title, result);
  const prefix = terminal.interactive || shown === name ? "" : `${name}: `;
  return `${mark} ${prefix}${shown}`;
}

function outcomeOf(title: string, result: Result<unknown>): readonly [mark: string, text: string] {
  if (result.ok) return ["✔", typeof result.value === "string" ? result.value : title];
  // it did nothing, and a new plan follows
  return result.failure.kind === "changed-meanwhile" ? ["…", result.failure.detail] : ["✖", title];
}

/** Shows nothing but failures, which the caller prints. */
export const noProgress: Progress = {
  step: (_, work) => work(() => undefined),
  during: (_, work) => work(),
};

/** Prints a line when a step ends, and every ten seconds while one runs; for logs and pipes. */
export function plainProgress(terminal: Terminal): Progress {
  let isShown = false;
  async function during<T>(title: string, work: (report: Report) => Promise<T>): Promise<T> {
    if (isShown) return work(() => undefined);
    isShown = true;
    const lines = new RegularLines(title, terminal);
    const report = (text: string): void => void (lines.latest = text);
    try {
      return await receiveWork(
        (done) => report(formatWork(done)),
        () => terminal.watch(lines, () => work(report)),
      );
    } finally {
      isShown = false;
    }
  }
  return {
    during: (title, work) => during(title, work),
    async step(shown, work) {
      const result = await during(shown.title, work);
      terminal.print(resultLine(shown, result, terminal));
      return result;
    },
  };
}

/** A line every ten seconds in which nothing else is printed. */
class RegularLines implements TerminalWatcher {
  latest: string | undefined;
  readonly #title: string;
  readonly #terminal: Terminal;
  readonly #from = steadyTime();
  #timer: NodeJS.Timeout | undefined;

  constructor(title: string, terminal: Terminal) {
    this.#title = title;
    this.#terminal = terminal;
  }

  free(): void {
    this.#timer = setTimeout(() => {
      const state = this.latest ?? formatSeconds((steadyTime() - this.#from) / 1000);
      this.#terminal.print(`… ${this.#title}: ${state}`);
    }, lineIntervalMs);
  }

  async used(): Promise<void> {
    clearTimeout(this.#timer);
  }
}

/**
 * Shows a step whose programs print on the terminal by themselves: what they print, then a line with the result. Where
 * the system that runs tazpod folds its log, the output is one group.
 */
export async function showOutput(
  terminal: Terminal,
  shown: Omit<ShownStep, "waiting">,
  work: () => Promise<Result<unknown>>,
): Promise<Result<unknown>> {
  const endGroup = startLogGroup(shown.title);
  const result = await work();
  endGroup();
  terminal.print(resultLine(shown, result, terminal));
  return result;
}

/** Shows a list that is redrawn: the step that runs, with its progress and what it prints, and those that wait. */
export function listProgress(terminal: Terminal): Progress {
  let isShown = false;
  return {
    async step({ title, waiting }, work) {
      const { spin } = await import("../host/spinner.js");
      const results: Result<unknown>[] = [];
      isShown = true;
      try {
        await spin({ title, waiting }, async ({ add, report }) => {
          const result = await receiveWork(
            (done) => report(formatWork(done)),
            () => terminal.redirect(add, () => work(report)),
          );
          results.push(result);
          return { ok: result.ok, title: outcomeOf(title, result)[1] };
        });
      } finally {
        isShown = false;
      }
      const [result] = results;
      if (result === undefined) throw new Error("a step that was shown had no result");
      return result;
    },
    async during(title, work) {
      if (isShown) return work();
      isShown = true;
      const list = new PatientList(title);
      try {
        return await receiveWork(
          (done) => list.report(formatWork(done)),
          () => terminal.watch(list, work),
        );
      } finally {
        isShown = false;
      }
    },
  };
}

/** A list with one title that appears after a second and vanishes when the terminal is used. */
class PatientList implements TerminalWatcher {
  readonly #title: string;
  #timer: NodeJS.Timeout | undefined;
  #report: Report = () => undefined;
  #end: () => void = () => undefined;
  #shown: Promise<void> | undefined;

  constructor(title: string) {
    this.#title = title;
  }

  report(text: string): void {
    this.#report(text);
  }

  free(): void {
    this.#timer = setTimeout(() => (this.#shown = this.#show()), patienceMs);
  }

  async used(): Promise<void> {
    clearTimeout(this.#timer);
    this.#end();
    await this.#shown;
  }

  async #show(): Promise<void> {
    const ended = new Promise<void>((resolve) => (this.#end = resolve));
    const { spin } = await import("../host/spinner.js");
    await spin({ title: this.#title, waiting: [], clear: true }, async ({ report }) => {
      this.#report = report;
      await ended;
      this.#report = () => undefined;
      return { ok: true };
    });
  }
}
