import { isatty } from "node:tty";
import { endAtSecondTerm } from "./end-signals.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { Secret } from "./secret.js";
import { paginate } from "./pages.js";
import { printNote, questionText, showOnAlternateScreen } from "./screen.js";
import { hasFailedStream, stderr, stdin } from "./standard-streams.js";

/** The user's terminal, if there is one. Questions and progress go to stderr, so that stdout has only results. */
export interface Terminal {
  /** True if questions can be asked: stdin and stderr are terminals, without a hang-up or SIGTERM so far. */
  readonly interactive: boolean;
  /** True while a program owns the terminal; Ctrl-C goes to it. */
  readonly handedOver: boolean;
  /** Prints a note on stderr, or to where `redirect` sends it; with `--quiet`, nothing. */
  print(text: string): void;
  /** The same for what `--quiet` does not hide: failures, and what belongs to a question. */
  warn(text: string): void;
  /** Sends printed lines to `to` while `work` runs and something else redraws the screen. */
  redirect<T>(to: (text: string) => void, work: () => Promise<T>): Promise<T>;
  /**
   * Asks a yes/no question. Failures: `interrupted` on Ctrl-C, on a signal, or if `signal` aborts (its reason is the
   * name); `answer-needed` at the end of input.
   */
  confirm(question: string, defaultAnswer: boolean, signal?: AbortSignal): Promise<Result<boolean>>;
  /** Shows a text page by page. Failures as for `confirm`. */
  page(text: string, signal?: AbortSignal): Promise<Result<void>>;
  /** Reads one line, trimmed. Failures as for `confirm`. */
  line(question: string, signal?: AbortSignal): Promise<Result<string>>;
  /**
   * Reads a secret without echo; discards keys typed before the question, and after the answer until the next question
   * or program, without showing them. Failures as for `confirm`.
   */
  secret(question: string, signal?: AbortSignal): Promise<Result<Secret>>;
  /**
   * Discards keys typed before any question, so that they do not answer the next one. Failure: `interrupted` if Ctrl-C
   * is among them.
   */
  discardTyped(): Promise<Result<void>>;
  /**
   * Shows `text` on the alternate screen while `work` runs, so that it stays neither on screen nor in the scrollback.
   */
  reveal<T>(text: string, work: () => Promise<T>): Promise<T>;
  /** Leaves the terminal to a program while `work` runs; without `keys`, Ctrl-C still goes to tazpod. */
  handOver<T>(work: () => Promise<T>, keys?: boolean): Promise<T>;
  /** Tells `watcher` whether the terminal is used, while `work` runs. */
  watch<T>(watcher: TerminalWatcher, work: () => Promise<T>): Promise<T>;
}

/** Draws on the terminal while nothing else uses it. */
export interface TerminalWatcher {
  /** Something is about to be printed, asked or handed over. */
  used(): Promise<void>;
  /** The terminal is free again. */
  free(): void;
}

const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Opens the terminal of this process. `quiet` hides notes. Without `signals`, this process handles them as before. */
export function openTerminal(quiet = false, signals = true): Terminal {
  if (signals) endAtSecondTerm();
  let gone = false;
  let handOvers = 0;
  let endSilence = (): void => undefined;
  let watcher: TerminalWatcher | undefined;
  const printAndGoOn = (text: string): void => {
    // a list that is being drawn holds back what is printed until it has ended
    void watcher?.used();
    printNote(text);
    watcher?.free();
  };
  let printLine = printAndGoOn;
  async function use<T>(work: () => Promise<T>): Promise<T> {
    const before = watcher;
    watcher = undefined;
    await before?.used();
    try {
      return await work();
    } finally {
      watcher = before;
      before?.free();
    }
  }
  // the sender of these signals does not expect more questions
  if (signals) for (const name of ["SIGHUP", "SIGTERM"] as const) process.on(name, () => (gone = true));
  // checked each time: after a hang-up there is no terminal any more, and not every process gets a signal
  const isInteractive = (): boolean => !gone && isatty(0) && isatty(2) && !hasFailedStream();
  return {
    get interactive() {
      return isInteractive();
    },
    get handedOver() {
      return handOvers > 0;
    },
    print: (text) => void (quiet || printLine(text)),
    warn: (text) => printLine(text),
    async redirect(to, work) {
      printLine = to;
      try {
        return await work();
      } finally {
        printLine = printAndGoOn;
      }
    },
    async confirm(question, defaultAnswer, signal) {
      endSilence();
      return use(() => withEndSignals(signal, (ended) => confirm(question, defaultAnswer, ended)));
    },
    page: (text, signal) =>
      use(async () => {
        endSilence();
        const { columns = 0, rows = 0 } = stderr();
        const pages = isInteractive() ? paginate(text, columns, rows) : [text];
        for (const [index, page] of pages.entries()) {
          printNote(page);
          if (index === pages.length - 1) break;
          const question = `-- page ${index + 1} of ${pages.length}: Enter for the next one, q to stop --`;
          const answerOptions = { read: (typed: string) => typed.toLowerCase(), complaint: "" };
          const next = await withEndSignals(signal, (ended) => answer(question, answerOptions, ended));
          if (!next.ok) return next;
          if (next.value.startsWith("q")) {
            printNote("The remaining pages were skipped.");
            break;
          }
        }
        return ok(undefined);
      }),
    async line(question, signal) {
      endSilence();
      const answerOptions = { read: (text: string) => text, complaint: "" };
      return use(() => withEndSignals(signal, (ended) => answer(question, answerOptions, ended)));
    },
    async secret(question, signal) {
      const { holdRaw, silence } = await import("./secret-line.js");
      // also from here to the question, and from the answer to the silence
      const endRaw = isInteractive() ? holdRaw(stdin()) : () => undefined;
      try {
        const given = await use(() => {
          endSilence();
          return withEndSignals(signal, (ended) => secret(question, ended));
        });
        if (!given.ok || !isInteractive()) return given;
        // a second try is often typed while the first is checked
        const restore = silence(stdin());
        endSilence = () => {
          restore();
          endSilence = () => undefined;
        };
        return given;
      } finally {
        endRaw();
      }
    },
    async discardTyped() {
      if (!isInteractive()) return ok(undefined);
      endSilence();
      const { discardTyped } = await import("./secret-line.js");
      const dropped = await discardTyped(stdin());
      return dropped === "drained" ? ok(undefined) : fail({ kind: "interrupted", signal: "SIGINT" });
    },
    reveal: (text, work) =>
      use(async () => {
        const restore = showOnAlternateScreen(text);
        try {
          return await work();
        } finally {
          restore();
        }
      }),
    async handOver(work, keys = true) {
      if (!keys) return use(work);
      endSilence();
      handOvers += 1;
      try {
        return await use(work);
      } finally {
        handOvers -= 1;
      }
    },
    async watch(next, work) {
      const before = watcher;
      watcher = next;
      next.free();
      try {
        return await work();
      } finally {
        watcher = before;
        await next.used();
      }
    },
  };
}

/** Runs a question with a signal that also aborts when this process is told to end. */
async function withEndSignals<T>(
  signal: AbortSignal | undefined,
  ask: (ended: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onSignal = (name: string): void => controller.abort(name);
  for (const name of endSignals) process.on(name, onSignal);
  try {
    return await ask(signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]));
  } finally {
    for (const name of endSignals) process.off(name, onSignal);
  }
}

function noAnswer(question: string, flag = "--yes"): Failure {
  return { kind: "answer-needed", question, flag, inputEnded: isatty(0) };
}

function interrupted(ended: AbortSignal): Failure {
  return { kind: "interrupted", signal: typeof ended.reason === "string" ? ended.reason : "SIGINT" };
}

async function secret(question: string, ended: AbortSignal): Promise<Result<Secret>> {
  const { readSecretLine } = await import("./secret-line.js");
  const line = await readSecretLine(question, stdin(), stderr(), ended);
  if (line === "interrupted") return fail(interrupted(ended));
  if (line === "closed") return fail(noAnswer(question, "--passphrase-file"));
  return ok(Secret.of(line));
}

function confirm(question: string, defaultAnswer: boolean, ended: AbortSignal): Promise<Result<boolean>> {
  const read = (text: string): boolean | undefined => {
    const word = text.toLowerCase();
    if (word === "") return defaultAnswer;
    return ["y", "yes", "n", "no"].includes(word) ? word.startsWith("y") : undefined;
  };
  const answerOptions = { read, complaint: "Please answer y or n." };
  return answer(`${question} ${defaultAnswer ? "[Y/n]" : "[y/N]"}`, answerOptions, ended);
}

/** Asks until `read` accepts the answer; prints the complaint in between. */
async function answer<T>(
  question: string,
  { read, complaint }: { readonly read: (text: string) => T | undefined; readonly complaint: string },
  ended: AbortSignal,
): Promise<Result<T>> {
  // loaded only if there is a question
  const { createInterface } = await import("node:readline");
  const { suspend } = await import("./secret-line.js");
  return new Promise((resolve) => {
    const reader = createInterface({ input: stdin(), output: stderr(), historySize: 0 });
    let settled = false;
    const settle = (result: Result<T>): void => {
      if (settled) return;
      settled = true;
      ended.removeEventListener("abort", onAbort);
      reader.close();
      resolve(result);
    };
    const onAbort = (): void => {
      printNote("");
      settle(fail(interrupted(ended)));
    };
    const ask = (): void => {
      reader.question(`${questionText(question)} `, (text) => {
        const value = read(text.trim());
        if (value !== undefined) return settle(ok(value));
        printNote(complaint);
        ask();
      });
    };
    reader.on("SIGINT", () => {
      printNote("^C");
      settle(fail(interrupted(ended)));
    });
    // by default, readline stops only this process and ends the question when it continues
    reader.on("SIGTSTP", () => suspend(stdin(), () => reader.prompt(true)));
    reader.on("close", () => settle(fail(noAnswer(question))));
    if (ended.aborted) return onAbort();
    ended.addEventListener("abort", onAbort, { once: true });
    ask();
  });
}
