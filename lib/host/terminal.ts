import { isatty } from "node:tty";
import type { Failure } from "../failure/failure.js";
import { printableLines } from "./printable.js";
import { fail, ok, type Result } from "../failure/result.js";
import { Secret } from "./secret.js";
import { paginate } from "./pages.js";
import { printNote, showOnAlternateScreen } from "./screen.js";

/** The person at the keyboard, if there is one. Questions and progress go to stderr, so that stdout is only results. */
export interface Terminal {
  /** Somebody can be asked: stdin and stderr are terminals, have not been hung up, and no SIGTERM has come. */
  readonly interactive: boolean;
  readonly color: boolean;
  /** A program owns the terminal: Ctrl-C is its own. */
  readonly handedOver: boolean;
  /** A line on stderr, or wherever `divert` has put it. */
  print(text: string): void;
  /** While `work` runs, something that is drawn anew is on the screen, and puts what is said where it is not lost. */
  redirect<T>(place: (text: string) => void, work: () => Promise<T>): Promise<T>;
  /**
   * Failures: `interrupted` on Ctrl-C, on a signal, and when `signal` aborts (with its reason as the name); `answer-needed`
   * on end of input.
   */
  confirm(question: string, preset: boolean, signal?: AbortSignal): Promise<Result<boolean>>;
  /** Shows a text by the screenful, so that none of it is missed. Failures as `confirm`. */
  page(text: string, signal?: AbortSignal): Promise<Result<void>>;
  /** One line, without the spaces around it. Failures as `confirm`. */
  line(question: string, signal?: AbortSignal): Promise<Result<string>>;
  /** Echo is off and what was typed before the question is thrown away. Failures as `confirm`. */
  secret(question: string, signal?: AbortSignal): Promise<Result<Secret>>;
  /**
   * Throws away what was typed while nobody had asked anything, so that it answers no later question. Failure:
   * `interrupted` when Ctrl-C is among it.
   */
  discardTyped(): Promise<Result<void>>;
  /** Has `text` on a screen of its own while `work` runs: it stays neither on the screen nor above it. */
  reveal<T>(text: string, work: () => Promise<T>): Promise<T>;
  /** Leaves the terminal to a program while `work` runs. */
  handOver<T>(work: () => Promise<T>): Promise<T>;
}

const ending = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function openTerminal(): Terminal {
  let gone = false;
  let lent = 0;
  let place = printNote;
  // a closed terminal must not end us before the cleanup has run
  for (const stream of [process.stdout, process.stderr, process.stdin])
    stream.on("error", () => (gone = true));
  // whoever sends these does not wait for somebody to answer a question
  for (const name of ["SIGHUP", "SIGTERM"] as const) process.on(name, () => (gone = true));
  // asked anew each time: a terminal that was hung up is none any more, and not everybody on it is told by a signal
  const isInteractive = (): boolean => !gone && isatty(0) && isatty(2);
  return {
    get interactive() {
      return isInteractive();
    },
    get handedOver() {
      return lent > 0;
    },
    color: Boolean(process.stderr.isTTY) && !process.env["NO_COLOR"],
    print: (text) => place(text),
    async redirect(elsewhere, work) {
      place = elsewhere;
      try {
        return await work();
      } finally {
        place = printNote;
      }
    },
    confirm: (question, preset, signal) =>
      withEndSignals(signal, (ended) => confirm(question, preset, ended)),
    async page(text, signal) {
      const { columns = 0, rows = 0 } = process.stderr;
      const pages = isInteractive() ? paginate(text, columns, rows) : [text];
      for (const [index, page] of pages.entries()) {
        printNote(page);
        if (index === pages.length - 1) break;
        const question = `-- ${index + 1} of ${pages.length} screens; Enter shows the next, q stops --`;
        const way = { read: (typed: string) => typed.toLowerCase(), complaint: "" };
        const next = await withEndSignals(signal, (ended) => answer(question, way, ended));
        if (!next.ok) return next;
        if (next.value.startsWith("q")) {
          printNote("The rest was not shown.");
          break;
        }
      }
      return ok(undefined);
    },
    line: (question, signal) =>
      withEndSignals(signal, (ended) => answer(question, { read: (text) => text, complaint: "" }, ended)),
    secret: (question, signal) => withEndSignals(signal, (ended) => secret(question, ended)),
    async discardTyped() {
      if (!isInteractive()) return ok(undefined);
      const { discardTyped } = await import("./secret-line.js");
      const dropped = await discardTyped(process.stdin);
      return dropped === "drained" ? ok(undefined) : fail({ kind: "interrupted", signal: "SIGINT" });
    },
    async reveal(text, work) {
      const takeAway = showOnAlternateScreen(text);
      try {
        return await work();
      } finally {
        takeAway();
      }
    },
    async handOver(work) {
      lent += 1;
      try {
        return await work();
      } finally {
        lent -= 1;
      }
    },
  };
}

/** Asks with a signal that also aborts when this process is told to end: a question nobody will answer must not hold it. */
async function withEndSignals<T>(
  signal: AbortSignal | undefined,
  ask: (ended: AbortSignal) => Promise<T>,
): Promise<T> {
  const told = new AbortController();
  const onSignal = (name: string): void => told.abort(name);
  for (const name of ending) process.on(name, onSignal);
  try {
    return await ask(signal === undefined ? told.signal : AbortSignal.any([told.signal, signal]));
  } finally {
    for (const name of ending) process.off(name, onSignal);
  }
}

function noAnswer(question: string): Failure {
  return { kind: "answer-needed", question, flag: "--yes" };
}

function interrupted(ended: AbortSignal): Failure {
  return { kind: "interrupted", signal: typeof ended.reason === "string" ? ended.reason : "SIGINT" };
}

async function secret(question: string, ended: AbortSignal): Promise<Result<Secret>> {
  const { readSecretLine } = await import("./secret-line.js");
  const line = await readSecretLine(question, process.stdin, process.stderr, ended);
  if (line === "interrupted") return fail(interrupted(ended));
  if (line === "closed") return fail(noAnswer(question));
  return ok(Secret.of(line));
}

function confirm(question: string, preset: boolean, ended: AbortSignal): Promise<Result<boolean>> {
  const read = (text: string): boolean | undefined => {
    const word = text.toLowerCase();
    if (word === "") return preset;
    return ["y", "yes", "n", "no"].includes(word) ? word.startsWith("y") : undefined;
  };
  const way = { read, complaint: "Please answer y or n." };
  return answer(`${question} ${preset ? "[Y/n]" : "[y/N]"}`, way, ended);
}

/** Asks again, with the complaint, for as long as what is typed reads as undefined. */
async function answer<T>(
  question: string,
  { read, complaint }: { readonly read: (text: string) => T | undefined; readonly complaint: string },
  ended: AbortSignal,
): Promise<Result<T>> {
  // loaded by those runs only that have something to ask
  const { createInterface } = await import("node:readline");
  return new Promise((resolve) => {
    const reader = createInterface({ input: process.stdin, output: process.stderr, historySize: 0 });
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
      reader.question(`${printableLines(question)} `, (text) => {
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
    reader.on("close", () => settle(fail(noAnswer(question))));
    if (ended.aborted) return onAbort();
    ended.addEventListener("abort", onAbort, { once: true });
    ask();
  });
}
