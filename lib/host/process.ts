import { spawn, type ChildProcess } from "node:child_process";
import { PassThrough, pipeline, type Readable, type Transform, type Writable } from "node:stream";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { endGroup, killAfterMs } from "./process-group.js";

/** How a program ended, and what it printed. */
export interface Finished {
  /** Undefined if a signal ended it. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: Buffer;
  /** Without the trailing newline; at most the last 64 KiB. */
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The program's stdin; empty if absent. */
  readonly input?: Readable | Buffer | string;
  /** A file descriptor for stdin, for programs that open /dev/stdin: `input` is a socket, which cannot be opened. */
  readonly inputFd?: number;
  /** After this time, ends the program and its children with SIGTERM, two seconds later with SIGKILL. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each complete line of stdout and stderr. */
  readonly onLine?: (line: string) => void;
}

/** A running program whose stdout is a stream. */
export interface Piped {
  readonly stdout: Readable;
  /** Resolves when the program has ended and its output was read. A non-zero exit code is not a failure. */
  readonly done: Promise<Result<Finished>>;
}

/** Default limit of the output of `capture`, in bytes, since a program in the container may print endlessly. */
const outputLimit = 16 * 1024 ** 2;
const lineLimit = 64 * 1024;
const stderrLimit = 64 * 1024;

/**
 * Runs a program to its end, in its own process group, so that Ctrl-C does not reach it. Returns its output; a non-zero
 * exit code is not a failure. Stops a program that prints more than `limitBytes` (default 16 MiB). Failures:
 * `command-missing`, `file` (not executable), `timeout`, `interrupted`, `too-much-output`.
 */
export async function capture(
  argv: readonly string[],
  { limitBytes = outputLimit, ...options }: ProcessOptions & { readonly limitBytes?: number } = {},
): Promise<Result<Finished>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const tooMuch = new AbortController();
  const signals = [tooMuch.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const { stdout, done } = piped(argv, { ...options, signal: AbortSignal.any(signals) });
  stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limitBytes) chunks.push(chunk);
    else tooMuch.abort();
  });
  const result = await done;
  if (tooMuch.signal.aborted)
    return fail({ kind: "too-much-output", what: argv.slice(0, 3).join(" "), limit: limitBytes });
  return result.ok ? ok({ ...result.value, stdout: Buffer.concat(chunks) }) : result;
}

/** Like `capture`, with stdout as a stream for the caller. */
export function piped(argv: readonly string[], options: ProcessOptions = {}): Piped {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, {
    ...place(options),
    detached: true,
    stdio: [options.inputFd ?? (options.input === undefined ? "ignore" : "pipe"), "pipe", "pipe"],
  });
  // read from the start: Node drops output that nobody has begun to read when a program ends
  const stdout = new PassThrough();
  stdout.on("error", () => undefined);
  pipeline(child.stdout as Readable, stdout, () => undefined);
  if (options.input !== undefined) feed(options.input, child.stdin as Writable);
  return { stdout, done: finish(child, argv, options, true) };
}

/**
 * Runs a program that owns the terminal: it shares stdin, stdout, stderr and the process group, so that Ctrl-C reaches
 * it. When `signal` aborts, the program gets SIGTERM (or the signal named as the reason), two seconds later SIGKILL.
 */
export async function foreground(
  argv: readonly string[],
  options: Omit<ProcessOptions, "input" | "onLine"> & {
    /** Filters its stdout and stderr. */
    readonly filter?: () => Transform;
  } = {},
): Promise<Result<Finished>> {
  const [program = "", ...rest] = argv;
  const { filter } = options;
  if (filter === undefined)
    return finish(spawn(program, rest, { ...place(options), stdio: "inherit" }), argv, options);
  const child = spawn(program, rest, { ...place(options), stdio: ["inherit", "pipe", "pipe"] });
  const shown = [
    through(child.stdout, filter(), process.stdout),
    through(child.stderr, filter(), process.stderr),
  ];
  const done = await finish(child, argv, options);
  await Promise.all(shown);
  return done;
}

function through(from: Readable, filter: Transform, to: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // if the reader of our output stops, the program gets the error it would get without us
    filter.once("end", resolve).once("close", resolve);
    filter.pipe(to, { end: false });
    pipeline(from, filter, () => undefined);
  });
}

function place(options: ProcessOptions): { cwd?: string; env: NodeJS.ProcessEnv } {
  const env = { ...process.env, ...options.env };
  return options.cwd === undefined ? { env } : { cwd: options.cwd, env };
}

function feed(input: Readable | Buffer | string, stdin: Writable): void {
  // a program that stops reading reports why by its exit code; EPIPE adds nothing
  stdin.on("error", () => undefined);
  if (typeof input === "string" || Buffer.isBuffer(input)) stdin.end(input);
  else {
    // a failed source must not look like a complete one, so stdin is destroyed instead of ended
    input.on("error", () => stdin.destroy());
    // a source that is not read any more must not wait forever
    stdin.on("close", () => input.destroy());
    input.pipe(stdin);
  }
}

function finish(
  child: ChildProcess,
  argv: readonly string[],
  options: ProcessOptions,
  leadsGroup = false,
): Promise<Result<Finished>> {
  return new Promise((resolve) => {
    let stderr = "";
    let stopped: Failure | undefined;
    let killer: NodeJS.Timeout | undefined;
    let ending: Promise<void> | undefined;
    const stop = (failure: Failure, signal: NodeJS.Signals): void => {
      stopped ??= failure;
      if (leadsGroup && child.pid !== undefined) {
        ending ??= endGroup(child.pid, signal);
        // a process that left the group may keep the output open
        void ending.then(() => [child.stdout, child.stderr].forEach((stream) => stream?.destroy()));
        return;
      }
      child.kill(signal);
      killer ??= setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    };
    const onAbort = (): void => {
      const signal = abortSignalName(options.signal);
      stop({ kind: "interrupted", signal }, signal === "SIGHUP" ? "SIGHUP" : "SIGTERM");
    };
    const limit = options.timeoutMs;
    const timer =
      limit === undefined
        ? undefined
        : setTimeout(
            () => stop({ kind: "timeout", what: argv.slice(0, 3).join(" "), ms: limit }, "SIGTERM"),
            limit,
          );
    const end = (result: Result<Finished>): void => {
      clearTimeout(timer);
      clearTimeout(killer);
      options.signal?.removeEventListener("abort", onAbort);
      resolve(result);
    };
    child.stderr
      ?.setEncoding("utf8")
      .on("data", (text: string) => (stderr = (stderr + text).slice(-stderrLimit)));
    if (options.onLine) for (const stream of [child.stdout, child.stderr]) lines(stream, options.onLine);
    if (options.signal?.aborted) onAbort();
    else options.signal?.addEventListener("abort", onAbort, { once: true });
    child.on("error", (error: NodeJS.ErrnoException) => end(fail(startFailure(argv, error, options.cwd))));
    child.on("close", (code, signal) => {
      if (stopped) {
        const failure = stopped;
        return void (ending ?? Promise.resolve()).then(() => end(fail(failure)));
      }
      end(
        ok({
          code: code ?? undefined,
          signal: signal ?? undefined,
          stdout: Buffer.alloc(0),
          stderr: stderr.trimEnd(),
        }),
      );
    });
  });
}

/** Returns the signal name that an abort has as its reason, or SIGTERM. */
function abortSignalName(signal: AbortSignal | undefined): string {
  return typeof signal?.reason === "string" ? signal.reason : "SIGTERM";
}

function lines(stream: Readable | null, onLine: (line: string) => void): void {
  let rest = "";
  stream?.on("data", (chunk: Buffer | string) => {
    const parts = (rest + chunk.toString()).split(/\r?\n|\r/);
    rest = parts.pop() ?? "";
    if (rest.length > lineLimit) {
      parts.push(rest.slice(0, lineLimit));
      rest = "";
    }
    for (const part of parts) if (part.trim() !== "") onLine(part);
  });
}

/** Returns why a program could not be started: `command-missing` or `file`. */
export function startFailure(argv: readonly string[], error: NodeJS.ErrnoException, cwd?: string): Failure {
  const program = argv[0] ?? "";
  if (error.code === "ENOENT") {
    const hint =
      cwd === undefined
        ? "Install it, or correct PATH."
        : `Install it, or correct PATH. It would run in ${cwd}.`;
    return { kind: "command-missing", program, hint };
  }
  return { kind: "file", action: "run", path: program, code: error.code ?? "unknown", detail: error.message };
}
