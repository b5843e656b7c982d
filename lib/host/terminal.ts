import type { Failure } from "../failure.js";
import { fail, ok, type Result } from "../result.js";
import { Secret } from "../secret.js";

/** The person at the keyboard, if there is one. Questions and progress go to stderr, so that stdout is only results. */
export interface Terminal {
  /** Somebody can be asked: stdin and stderr are terminals, and have not been hung up. */
  readonly interactive: boolean;
  readonly color: boolean;
  /** A line on stderr. */
  say(text: string): void;
  /** Failures: `interrupted` on Ctrl-C, `answer-needed` on end of input. */
  confirm(question: string, preset: boolean): Promise<Result<boolean>>;
  /** Echo is off and what was typed before the question is thrown away. Failures as `confirm`. */
  secret(question: string): Promise<Result<Secret>>;
}

export function openTerminal(): Terminal {
  let gone = false;
  // a closed terminal must not end us before the cleanup has run
  for (const stream of [process.stdout, process.stderr, process.stdin])
    stream.on("error", () => (gone = true));
  process.on("SIGHUP", () => (gone = true));
  const isInteractive = (): boolean => !gone && Boolean(process.stdin.isTTY && process.stderr.isTTY);
  return {
    get interactive() {
      return isInteractive();
    },
    color: Boolean(process.stderr.isTTY) && !process.env["NO_COLOR"],
    say: (text) => void process.stderr.write(`${text}\n`),
    confirm: (question, preset) => confirm(question, preset),
    secret: async (question) => {
      const { readSecretLine } = await import("./secret-line.js");
      const line = await readSecretLine(question, process.stdin, process.stderr);
      if (line === "interrupted") return fail({ kind: "interrupted", signal: "SIGINT" });
      if (line === "closed") return fail(noAnswer(question));
      return ok(Secret.of(line));
    },
  };
}

function noAnswer(question: string): Failure {
  return { kind: "answer-needed", question, flag: "--yes" };
}

async function confirm(question: string, preset: boolean): Promise<Result<boolean>> {
  // loaded by those runs only that have something to ask
  const { createInterface } = await import("node:readline");
  return new Promise((resolve) => {
    const reader = createInterface({ input: process.stdin, output: process.stderr, historySize: 0 });
    let settled = false;
    const settle = (result: Result<boolean>): void => {
      if (settled) return;
      settled = true;
      reader.close();
      resolve(result);
    };
    const ask = (): void => {
      reader.question(`${question} ${preset ? "[Y/n]" : "[y/N]"} `, (text) => {
        const answer = text.trim().toLowerCase();
        if (answer === "") settle(ok(preset));
        else if (["y", "yes"].includes(answer)) settle(ok(true));
        else if (["n", "no"].includes(answer)) settle(ok(false));
        else {
          process.stderr.write("Please answer y or n.\n");
          ask();
        }
      });
    };
    reader.on("SIGINT", () => {
      process.stderr.write("^C\n");
      settle(fail({ kind: "interrupted", signal: "SIGINT" }));
    });
    reader.on("close", () => settle(fail(noAnswer(question))));
    ask();
  });
}
