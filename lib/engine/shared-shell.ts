import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { PassThrough, type Readable } from "node:stream";
import { fail, ok, type Result } from "../failure/result.js";
import {
  type Finished,
  type Piped,
  type ProcessOptions,
  quoteForShell,
  watchForEnd,
} from "../host/process.js";
import { watchStall } from "../host/stall.js";

/*
 * Starting a program in a container takes an engine's client longer than most of our scripts run. So one shell is started in
 * it, and runs programs one after the other. It reads a random id, a command and the id again. What the command prints on
 * stdout is passed on; then follow the id and the exit code, what it printed on stderr, and the id again.
 */

const loop = `while IFS= read -r m; do
  s=
  while IFS= read -r l && [ "$l" != "$m" ]; do s="$s$l
"; done
  { e=$( { eval "$s"; } 2>&1 >&3 3>&- </dev/null ); c=$?; } 3>&1
  printf '%s %03d\\n%s\\n%s\\n' "$m" "$c" "$e" "$m"
done`;

/** Without use for this time, in ms, a shell ends. */
const idleMs = 5_000;

const stderrLimit = 64 * 1024;

/** A shell in a container that runs programs one after the other. */
export interface SharedShell {
  /** A shell in a container that has just gone may still count as free. */
  state(): "free" | "busy" | "ended";
  /** Tells whether a shell that is free runs programs; if not, within a time in ms, it is ended. */
  answers(limitMs: number): Promise<boolean>;
  /** Runs a program that needs no stdin, in a shell that is free. Its signal and time limit end the shell, too. */
  run(argv: readonly string[], options?: Pick<ProcessOptions, "signal" | "timeoutMs" | "stallMs">): Piped;
}

/** Starts a program in the container with the engine's client. */
type Start = (argv: readonly string[], options: ProcessOptions) => Piped;

/**
 * Starts a shell in a container. It ends when it is not used any more, and with this process, which it does not keep alive.
 * `start` may add words to the argv. `onCut` says what it means that the shell has ended under a program, for
 * example because the program was interrupted.
 */
export function startSharedShell(
  start: Start,
  onCut: (done: Result<Finished>) => Promise<Result<Finished>>,
): SharedShell {
  const stop = new AbortController();
  const input = new PassThrough();
  let child: ChildProcess | undefined;
  let current: Reply | undefined;
  let hasEnded = false;
  const { stdout, done } = start(["sh", "-c", loop], {
    input,
    signal: stop.signal,
    isQuestion: true,
    onStart: (started) => (child = started),
  });
  const ended = done.then((result) => {
    hasEnded = true;
    current?.cut();
    return result;
  });
  stdout.on("data", (chunk: Buffer) => current?.read(chunk));
  let idle: NodeJS.Timeout | undefined;
  const rest = (): void => {
    current = undefined;
    keepAlive(child, false);
    idle = setTimeout(() => {
      hasEnded = true;
      input.end();
    }, idleMs).unref();
  };
  const send = (argv: readonly string[]): Reply => {
    clearTimeout(idle);
    keepAlive(child, true);
    const reply = new Reply(stdout);
    current = reply;
    input.write(`${reply.id}\nexec ${argv.map(quoteForShell).join(" ")}\n${reply.id}\n`);
    return reply;
  };
  // it may never be used
  rest();
  return {
    state: () => (hasEnded ? "ended" : current === undefined ? "free" : "busy"),
    async answers(limitMs) {
      const { ended: answer, stdout: unused } = send(["true"]);
      unused.resume();
      const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), limitMs).unref());
      const finished = await Promise.race([answer, late]);
      if (finished === undefined) {
        hasEnded = true;
        stop.abort();
        return false;
      }
      rest();
      return finished.code === 0;
    },
    run(argv, { signal, timeoutMs, stallMs } = {}) {
      const reply = send(argv);
      const watch = watchForEnd(argv, { signal, timeoutMs }, async () => {
        hasEnded = true;
        stop.abort(signal?.reason);
      });
      // what this shell takes as input is only its next program
      const output = { stdin: null, stdout: child?.stdout ?? null };
      const unwatch =
        stallMs === undefined ? undefined : watchStall(output, stallMs, () => watch.endAfter(stallMs));
      const finish = async (): Promise<Result<Finished>> => {
        const finished = await reply.ended;
        unwatch?.();
        const why = await watch.stop();
        if (finished !== undefined) {
          rest();
          return ok(finished);
        }
        const result = await ended;
        return onCut(why === undefined ? result : fail(why));
      };
      return { stdout: reply.stdout, done: finish() };
    },
  };
}

/** Returns the shell that is kept under `key`, if a program can be started in it now. Starts one if there is none or it has ended. */
export function freeShell(
  shells: Map<string, SharedShell>,
  key: string,
  start: () => SharedShell,
): SharedShell | undefined {
  const there = shells.get(key);
  if (there?.state() === "busy") return undefined;
  const shell = there?.state() === "free" ? there : start();
  shells.set(key, shell);
  return shell;
}

/** Tells whether a program with these options can run in a shared shell, which has no stdin for it and does not tell lines apart. */
export const canShare = ({ input, onLine }: ProcessOptions): boolean =>
  input === undefined && onLine === undefined;

/** Sets whether the client of an engine keeps this process alive. */
function keepAlive(child: ChildProcess | undefined, does: boolean): void {
  const pipes = [child?.stdin, child?.stdout, child?.stderr] as readonly (Socket | null | undefined)[];
  for (const handle of [child, ...pipes]) handle?.[does ? "ref" : "unref"]();
}

/** What a shell prints for one program. */
class Reply {
  readonly id = randomBytes(16).toString("hex");
  readonly stdout = new PassThrough();
  /** How the program ended; undefined if the shell ended first. */
  readonly ended: Promise<Finished | undefined>;
  #resolve: (finished: Finished | undefined) => void = () => undefined;
  /** What may be the beginning of the id. */
  #held: Buffer = Buffer.alloc(0);
  /** What follows the program's stdout. */
  #tail: string | undefined;

  readonly #source: Readable;

  constructor(source: Readable) {
    this.#source = source;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    // a reader that has gone must not stop the shell
    for (const event of ["drain", "close"]) this.stdout.on(event, () => source.resume());
    this.stdout.on("error", () => undefined);
  }

  read(chunk: Buffer): void {
    if (this.#tail !== undefined) return this.#readTail(chunk);
    const all = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = all.indexOf(this.id);
    const end = at === -1 ? all.length - beginningAt(all, this.id) : at;
    this.#held = all.subarray(end);
    if (end > 0 && !this.stdout.destroyed && !this.stdout.write(all.subarray(0, end))) this.#source.pause();
    if (at === -1) return;
    this.stdout.end();
    this.#tail = "";
    this.#readTail(this.#held.subarray(this.id.length));
  }

  #readTail(chunk: Buffer): void {
    const tail = (this.#tail ?? "") + chunk.toString("latin1");
    this.#tail = tail;
    const end = `\n${this.id}\n`;
    if (!tail.endsWith(end)) {
      // more than is kept of a program's stderr
      if (tail.length > 2 * stderrLimit) this.#tail = tail.slice(0, 5) + tail.slice(-stderrLimit);
      return;
    }
    const stderr = Buffer.from(tail.slice(5, -end.length).slice(-stderrLimit), "latin1");
    const code = Number(tail.slice(1, 4));
    this.#resolve({ code, signal: undefined, stdout: Buffer.alloc(0), stderr: stderr.toString().trimEnd() });
  }

  /** The shell has ended. */
  cut(): void {
    this.stdout.end();
    this.#resolve(undefined);
  }
}

/** Returns how many bytes at the end of a text may be the beginning of an id. */
function beginningAt(text: Buffer, id: string): number {
  for (let length = Math.min(id.length - 1, text.length); length > 0; length--)
    if (text.subarray(-length).equals(Buffer.from(id.slice(0, length)))) return length;
  return 0;
}
