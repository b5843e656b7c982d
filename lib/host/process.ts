import { whenAborted } from "./abort.js";
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { PassThrough, pipeline, Readable, Writable } from "node:stream";
import type { Failure } from "../failure/failure.js";
import type { Options, ProcessPromise, Shell } from "zx/core";
import { fail, ok, type Result } from "../failure/result.js";
import { hiddenTexts } from "./hidden.js";
import { hiddenMasks } from "./mask.js";
import { endGroup, trackGroup } from "./process-group.js";
import { outputOf } from "./standard-streams.js";
import { watchStall } from "./stall.js";

/** The exit code of a program that SIGKILL ended, as a shell reports it: 128 and the signal's number. */
export const killedCode = 137;

/** The longest argument or variable that Linux passes to a program, in bytes (MAX_ARG_STRLEN). */
export const longestArgument = 128 * 1024 - 1;

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
  /** After this time, ends the program and its children as `signal` does. */
  readonly timeoutMs?: number;
  /** The same, when for this time it prints nothing on stdout and takes no input, while this process waits for that. */
  readonly stallMs?: number;
  /** Ends the program and its children with SIGTERM, or with SIGHUP if that is its reason, and then with SIGKILL. */
  readonly signal?: AbortSignal;
  /** Time from the first signal to SIGKILL; two seconds by default. */
  readonly graceMs?: number | undefined;
  /** The program only answers a question, as checks ask them: it is started without zx, so that a plan need not load that. */
  readonly isQuestion?: boolean;
  /** Called with each complete line of stdout and stderr. */
  readonly onLine?: (line: string) => void;
  /** Called with the process once it has been started. */
  readonly onStart?: (child: ChildProcess) => void;
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
 * Runs a program to its end with zx, in its own process group, so that Ctrl-C does not reach it. Returns its output; a
 * non-zero exit code is not a failure. Stops a program that prints more than `limitBytes` (default 16 MiB). Failures:
 * `command-missing`, `file` (not executable), `timeout`, `interrupted`, `too-much-output`.
 */
export async function capture(
  argv: readonly string[],
  { limitBytes, ...options }: ProcessOptions & { readonly limitBytes?: number } = {},
): Promise<Result<Finished>> {
  return collect((signal) => piped(argv, { ...options, signal }), argv, {
    limitBytes,
    signal: options.signal,
  });
}

/** Like `capture`, for a program that `start` starts and its signal ends; `argv` names it in messages. */
export async function collect(
  start: (signal: AbortSignal) => Piped,
  argv: readonly string[],
  {
    limitBytes = outputLimit,
    signal,
  }: { readonly limitBytes?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Result<Finished>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const tooMuch = new AbortController();
  const { stdout, done } = start(
    AbortSignal.any([tooMuch.signal, ...(signal === undefined ? [] : [signal])]),
  );
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

/** Like `capture`, with stdout as a stream for the caller, who has to read it. */
export function piped(argv: readonly string[], options: ProcessOptions = {}): Piped {
  const stdout = new PassThrough();
  // a caller that stops reading learns from `done` how the program ended
  stdout.on("error", () => undefined);
  return { stdout, done: runPiped(argv, options, stdout) };
}

/**
 * Like `capture`, for a program whose output goes to this process's stdout or stderr as it comes, and whose stdin is
 * empty. Its stderr goes to stderr.
 */
export async function passThrough(
  argv: readonly string[],
  {
    onStdout,
    ...options
  }: Omit<ProcessOptions, "input" | "inputFd" | "onLine"> & {
    /** Called with what it prints on stdout. */
    readonly onStdout?: ((chunk: Buffer) => void) | undefined;
  },
  stdout: 1 | 2,
): Promise<Result<Finished>> {
  const isMasked = hiddenTexts().length > 0;
  if (onStdout === undefined && !isMasked) return runPiped(argv, options, stdout, 2);
  const [out, err] = [shownOn(stdout, onStdout), isMasked ? shownOn(2) : undefined];
  const done = await runPiped(argv, options, out.to, err?.to ?? 2);
  const [written] = await Promise.all([out.ended, err?.ended]);
  // a program whose output goes to the reader itself gets this signal
  return done.ok && !written && done.value.code !== 0
    ? ok({ ...done.value, code: undefined, signal: "SIGPIPE" })
    : done;
}

/** Returns a stream to a file descriptor, without what is hidden; `ended` tells whether all was written. */
function shownOn(
  fd: 1 | 2,
  onData?: (chunk: Buffer) => void,
): { readonly to: PassThrough; readonly ended: Promise<boolean> } {
  const to = new PassThrough();
  if (onData !== undefined) to.on("data", onData);
  const screen = new Writable({
    write: (chunk: Buffer, _, done) => void outputOf(fd).write(chunk, (error) => done(error)),
  });
  // a reader that has gone ends the program, too
  const ended = new Promise<boolean>((resolve) => {
    pipeline([to, ...hiddenMasks(), screen], (error) => resolve(error?.code !== "EPIPE"));
  });
  return { to, ended };
}

async function runPiped(
  argv: readonly string[],
  options: ProcessOptions,
  stdout: PassThrough | 1 | 2,
  /** Where stderr goes, unless it is kept for the result. */
  shownStderr?: PassThrough | 2,
): Promise<Result<Finished>> {
  const [program = "", ...rest] = argv;
  const { cwd, input, inputFd } = options;
  const settings: SpawnOptions = {
    env: { ...process.env, ...options.env },
    cwd,
    stdio: [
      inputFd ?? (input === undefined ? "ignore" : "pipe"),
      stdout instanceof PassThrough ? "pipe" : stdout,
      shownStderr === 2 ? 2 : "pipe",
    ],
    detached: true,
  };
  const start = (): ChildProcess => spawn(program, rest, settings);
  const started = options.isQuestion ? startPlain(start) : await startWithZx(start, settings);
  if (started instanceof Error) {
    if (input instanceof Readable) input.destroy();
    return fail(startFailure(argv, started, cwd));
  }
  const { child, ended } = started;
  if (child.pid !== undefined) trackGroup(child.pid, ended);
  options.onStart?.(child);
  if (stdout instanceof PassThrough) pipeline(child.stdout as Readable, stdout, () => undefined);
  if (shownStderr instanceof PassThrough) pipeline(child.stderr as Readable, shownStderr, () => undefined);
  if (input !== undefined) pipeline(toStream(input), child.stdin as Writable, () => undefined);
  let stderr = "";
  if (shownStderr === undefined)
    child.stderr
      ?.setEncoding("utf8")
      .on("data", (text: string) => (stderr = (stderr + text).slice(-stderrLimit)));
  if (options.onLine) for (const stream of [child.stdout, child.stderr]) onLines(stream, options.onLine);
  const watch = watchForEnd(argv, options, async (signal) => {
    if (child.pid !== undefined) await endGroup(child.pid, signal, options.graceMs);
    // a process that left the group may keep the output open
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  const { stallMs } = options;
  const unwatch =
    stallMs === undefined ? undefined : watchStall(child, stallMs, () => watch.endAfter(stallMs));
  const { code, signal, error } = await ended;
  unwatch?.();
  const stopped = await watch.stop();
  if (stopped !== undefined) return fail(stopped);
  if (error !== undefined) return fail(startFailure(argv, error, cwd));
  return ok(finished(code ?? undefined, signal ?? undefined, stderr));
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
}

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why the program could not be started. */
  readonly error?: Error | undefined;
}

/** Returns the error if the system or Node refuses the arguments. */
async function startWithZx(start: () => ChildProcess, settings: SpawnOptions): Promise<Started | Error> {
  const { $ } = await import("zx/core");
  const running: ProcessPromise = $({
    ...withoutShell,
    stdio: settings.stdio as Options["stdio"],
    store: { stdout: nothing, stderr: nothing, stdall: nothing },
    spawn: start as typeof spawn,
  } as Partial<Options>)`program`;
  running.run();
  const ended = (async (): Promise<Ending> => {
    const { exitCode: code, signal, cause } = await running;
    return { code, signal, error: cause instanceof Error ? cause : undefined };
  })();
  const { child } = running;
  return child === undefined ? ((await ended).error ?? new Error("it did not start")) : { child, ended };
}

function startPlain(start: () => ChildProcess): Started | Error {
  let child: ChildProcess;
  try {
    child = start();
  } catch (error) {
    return error as Error;
  }
  const ended = new Promise<Ending>((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, error }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  return { child, ended };
}

/**
 * Returns zx's `$` with these settings. It uses bash, or /bin/sh on a host without bash. Its programs are ended like
 * those of `capture`.
 */
export async function zxShell({
  signal,
  graceMs,
  ...settings
}: Pick<Options, "cwd" | "env"> & Pick<ProcessOptions, "signal" | "graceMs">): Promise<Shell> {
  const { $, ProcessOutput } = await import("zx/core");
  ProcessOutput.getExitMessage = exitMessage;
  const posix = { shell: "/bin/sh", prefix: "set -eu;", quote: quoteForShell };
  const start = ((file: string, args: readonly string[], options: SpawnOptions) => {
    const child = spawn(file, args, options);
    const { pid } = child;
    if (pid === undefined) return child;
    const watch = watchForEnd([file], { signal }, (name) => endGroup(pid, name, graceMs));
    const ended = new Promise((resolve) => child.once("close", resolve));
    trackGroup(pid, ended);
    void ended.then(() => watch.stop());
    return child;
  }) as typeof spawn;
  return $({ ...settings, spawn: start, detached: true, ...($.shell ? {} : posix) });
}

/** The message of a program that failed, without the line of a stack that zx has in it. */
function exitMessage(
  code: number | null,
  signal: string | null,
  stderr: string,
  _from: string,
  details = "",
): string {
  const ending = signal === null ? `exit code: ${code}` : `signal: ${signal}`;
  return [stderr.trimEnd(), details.trimEnd(), ending].filter((line) => line !== "").join("\n");
}

/** Quotes a word for a POSIX shell. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** zx starts programs by a shell; these settings, with a `spawn` that ignores its command line, do without one. */
const withoutShell = {
  ...{ quiet: true, verbose: false, nothrow: true },
  ...{ shell: "sh", prefix: "", postfix: "", quote: String },
} as const;

/** Output that zx need not keep, since it is read as it comes. */
const nothing: string[] = Object.assign([], { push: () => 0 });

/** Returns how a program ended whose stdout went elsewhere. */
export function finished(code: number | undefined, signal: string | undefined, stderr: string): Finished {
  return { code, signal, stdout: Buffer.alloc(0), stderr: stderr.trimEnd() };
}

/** Ends a program when its signal aborts or its time is over. `stop` ends the watch and returns why the program was ended. */
export function watchForEnd(
  argv: readonly string[],
  { signal, timeoutMs }: Pick<ProcessOptions, "signal" | "timeoutMs">,
  end: (signal: NodeJS.Signals) => Promise<void>,
): {
  readonly stop: () => Promise<Failure | undefined>;
  readonly endAfter: (ms: number) => void;
} {
  let why: Failure | undefined;
  let ending: Promise<void> | undefined;
  const endFor = (failure: Failure, name: NodeJS.Signals): void => {
    why ??= failure;
    ending ??= end(name);
  };
  const onAbort = (): void => {
    const name = typeof signal?.reason === "string" ? signal.reason : "SIGTERM";
    endFor({ kind: "interrupted", signal: name }, name === "SIGHUP" ? "SIGHUP" : "SIGTERM");
  };
  const endAfter = (ms: number): void =>
    endFor({ kind: "timeout", what: argv.slice(0, 3).join(" "), ms }, "SIGTERM");
  const timer = timeoutMs === undefined ? undefined : setTimeout(endAfter, timeoutMs, timeoutMs);
  const release = whenAborted(signal, onAbort);
  return {
    endAfter,
    async stop() {
      clearTimeout(timer);
      release();
      await ending;
      return why;
    },
  };
}

function toStream(input: Readable | Buffer | string): Readable {
  return typeof input === "string" || Buffer.isBuffer(input) ? Readable.from([input]) : input;
}

/** Calls `onLine` for each line; a line without an end is handed on in pieces of at most 64 KiB. */
function onLines(stream: Readable | null, onLine: (line: string) => void): void {
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
  const detail = unusable[error.code ?? ""] ?? error.message;
  return { kind: "file", action: "run", path: program, code: error.code ?? "unknown", detail };
}

/** Why arguments were refused; Node's own message shows them. */
const unusable: Readonly<Record<string, string>> = {
  E2BIG: "its arguments are too long; this system takes 128 KiB for one of them, and 2 MiB as a rule for all",
  ERR_INVALID_ARG_VALUE: "one of its arguments or variables has a NUL",
};
