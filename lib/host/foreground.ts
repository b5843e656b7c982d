import type { Readable, Transform } from "node:stream";
import { fail, ok, type Result } from "../failure/result.js";
import { likeThisProcess } from "./hang-up.js";
import { hiddenMasks } from "./mask.js";
import { endTree } from "./process-group.js";
import { type Finished, finished, type ProcessOptions, startFailure, watchForEnd } from "./process.js";
import { outputOf } from "./standard-streams.js";
import { keepTerminalModes } from "./terminal-modes.js";

/** Makes filters, applied in turn, for what a program prints on stdout (1) or stderr (2); undefined for none. */
export type OutputFilter = (from: 1 | 2) => Transform | readonly Transform[] | undefined;

/**
 * Runs a program with execa that owns the terminal: it shares stdin, stdout, stderr and the process group, so that Ctrl-C
 * reaches it. A `filter` is made for its stdout and for its stderr. Failures: `command-missing`, `file` (not executable),
 * `timeout`, `interrupted`.
 */
export async function foreground(
  argv: readonly string[],
  options: Pick<ProcessOptions, "cwd" | "env" | "signal" | "timeoutMs" | "graceMs"> & {
    /** Where stdout goes; the program gets no stdin then. */
    readonly output?: 1 | 2 | undefined;
    readonly filter?: OutputFilter | undefined;
    /** The program only passes on what another one prints: it is killed when the reader has gone, which counts as SIGPIPE. */
    readonly isClient?: boolean;
    /** The program must not have this terminal: it gets pipes in place of it, and a session of its own. */
    readonly isApart?: boolean;
  } = {},
): Promise<Result<Finished>> {
  const { execa } = await import("execa");
  const [program = "", ...rest] = likeThisProcess(argv);
  const { cwd, filter, output, isApart = false } = options;
  const filtersOf = (from: 1 | 2) => [filter?.(from) ?? [], output === undefined ? [] : hiddenMasks()].flat();
  const filters = { 1: filtersOf(1), 2: filtersOf(2) } as const;
  const direct = (from: 1 | 2, to: 1 | 2 = from) => (filters[from].length === 0 ? to : "ignore");
  const shared = [output === undefined ? 0 : "ignore", direct(1, output), direct(2)] as const;
  const apart = isApart ? (await import("./apart.js")).apartFromTerminal(shared) : undefined;
  const given = apart?.stdio ?? shared;
  const shown = (from: 1 | 2, to: 1 | 2 = from) =>
    filters[from].length === 0
      ? given[from]
      : ([...filters[from].map((transform) => ({ transform })), outputOf(to)] as const);
  const restoreModes = keepTerminalModes();
  const running = execa(program, rest, {
    env: { ...options.env },
    cwd,
    ...{
      stdin: given[0],
      stdout: shown(1, output),
      stderr: shown(2),
    },
    ...{ buffer: false, reject: false, stripFinalNewline: false, detached: isApart },
  });
  apart?.started();
  const watch = watchForEnd(argv, options, async (signal) => {
    if (running.pid !== undefined) await endTree(running.pid, signal, options.graceMs);
  });
  let hasNoReader = false;
  const endOutput = (stream: Readable): void => {
    hasNoReader = true;
    // the program's next write fails, too
    stream.destroy();
    if (options.isClient === true) running.kill("SIGKILL");
  };
  const release = [
    whenReaderGoes(running.stdout, output ?? 1, endOutput),
    whenReaderGoes(running.stderr, 2, endOutput),
  ];
  const done = await running;
  await apart?.end();
  for (const each of release) each();
  const stopped = await watch.stop();
  // a program that was killed leaves the terminal as it used it, an engine's client in raw mode
  if (stopped !== undefined || done.exitCode === undefined) restoreModes();
  if (stopped !== undefined) return fail(stopped);
  if (hasNoReader && options.isClient === true) return ok(finished(undefined, "SIGPIPE", ""));
  if (done.exitCode === undefined && done.signal === undefined && done.cause instanceof Error)
    return fail(startFailure(argv, done.cause, cwd));
  return ok(finished(done.exitCode, done.signal, ""));
}

/**
 * Calls `end` once the reader has gone of what the stream `from` is copied to. After any other error, such as that of a full disk,
 * the rest is discarded, so that the program need not wait. Returns a function that stops this.
 */
function whenReaderGoes(from: Readable | null, to: 1 | 2, end: (from: Readable) => void): () => void {
  if (from === null) return () => undefined;
  const target = outputOf(to);
  const listener = ({ code }: NodeJS.ErrnoException): void => {
    if (code === "EPIPE") end(from);
    else from.unpipe().resume();
  };
  target.once("error", listener);
  return () => void target.off("error", listener);
}
