import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { sleep } from "./clock.js";
import { makePipe } from "./named-pipe.js";
import { outputOf, stdin } from "./standard-streams.js";

/** How long what a program has left running may still print once it has ended, in ms. */
const leftMs = 1_000;

// any file descriptor of this process: execa's types have only these
type Input = 0 | "ignore";
type Output = 1 | 2 | "ignore";

/** What a program gets in place of this process's terminal. */
export interface Apart {
  /** What its stdin, stdout and stderr are: a file descriptor, or `ignore`. */
  readonly stdio: readonly [Input, Output, Output];
  /** The program was started, and has its ends of the pipes. */
  started(): void;
  /** Call it when the program has ended: passes on what is still in the pipes, and ends them. */
  end(): Promise<void>;
}

/**
 * Returns what a program gets that must not have this terminal, in which it could read what is typed for others, and type
 * for them: pipes in place of it. What is no terminal stays as it is. `given` are the file descriptors that it would have.
 */
export function apartFromTerminal(given: Apart["stdio"]): Apart {
  const stdio: [Input, Output, Output] = [...given];
  const ours: number[] = [];
  const ends: (() => Promise<void>)[] = [];
  const [input, ...outputs] = given;
  if (input !== "ignore" && isatty(input)) {
    const pipe = makePipe();
    stdio[0] = (pipe?.read as Input | undefined) ?? "ignore";
    if (pipe !== undefined) {
      ours.push(pipe.read);
      ends.push(relayTyped(pipe.write));
    }
  }
  const terminals = outputs.filter((fd) => fd !== "ignore" && isatty(fd));
  const [first] = terminals;
  if (first !== undefined) {
    // one for both, so that their order stays
    const pipe = makePipe();
    for (const fd of [1, 2] as const)
      if (terminals.includes(given[fd])) stdio[fd] = (pipe?.write as Output | undefined) ?? "ignore";
    if (pipe !== undefined) {
      ours.push(pipe.write);
      ends.push(relayOutput(pipe.read, first === 2 ? 2 : 1));
    }
  }
  return {
    stdio,
    started: () => ours.forEach((fd) => closeSync(fd)),
    async end() {
      await Promise.all(ends.map((end) => end()));
    },
  };
}

/** Passes on what is typed, until the returned function is called. */
function relayTyped(fd: number): () => Promise<void> {
  const to = new Socket({ fd, readable: false, writable: true });
  // the program has ended
  to.on("error", () => undefined);
  stdin().pipe(to);
  return async () => {
    stdin().unpipe(to).pause();
    to.destroy();
  };
}

/** Passes on what comes; the returned function waits for its end, for some time. */
function relayOutput(fd: number, to: 1 | 2): () => Promise<void> {
  const from = new Socket({ fd, readable: true, writable: false });
  from.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => from.once("close", () => resolve()));
  from.pipe(outputOf(to), { end: false });
  return async () => {
    await Promise.race([ended, sleep(leftMs)]);
    from.destroy();
  };
}
