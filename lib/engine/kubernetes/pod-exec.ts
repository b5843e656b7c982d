import { type Readable, Transform, pipeline } from "node:stream";
import { sleep, steadyTime } from "../../host/clock.js";
import { foreground } from "../../host/foreground.js";
import { capture, type Finished, type Piped, piped, type ProcessOptions } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { notRunning } from "../this-host.js";
import type { Engine } from "../engine.js";
import { type SharedShell, startSharedShell } from "../shared-shell.js";
import {
  codeInFile,
  endProgram,
  execName,
  markedArgv,
  newMarker,
  readCode,
  successCode,
  unmark,
  unmarkText,
} from "./end-marker.js";
import { isRefused, lastLine, startFailure, unavailable } from "./kubectl.js";
import { containerName, ramFolder } from "./pod-manifest.js";

/** A pod in which programs are run. */
export interface Place {
  /** kubectl, with the words before every command. */
  readonly command: readonly string[];
  readonly podName: string;
  /** The container's name, for messages. */
  readonly name: string;
}

/** Returns the argv of kubectl for a program in a pod. */
export function execArgv(
  { command, podName }: Place,
  flags: readonly string[],
  argv: readonly string[],
): string[] {
  return [...command, "exec", ...flags, podName, "-c", containerName, "--", ...argv];
}

/** Runs a program in a pod, with its stdout as a stream. A stream that was cut is a failure, whatever kubectl says. */
export function execPiped(place: Place, argv: readonly string[], options: ProcessOptions): Piped {
  const marker = newMarker();
  const flags = options.input === undefined ? [] : ["--stdin"];
  const { onLine, ...rest } = options;
  // a marker is no line of the program
  const lines = onLine && { onLine: (line: string) => line.startsWith(`${marker} `) || onLine(line) };
  const begun = piped(execArgv(place, flags, markedArgv(marker, argv)), { ...rest, ...lines });
  const { stream, code } = unmark(marker);
  pipeline(begun.stdout, stream, () => undefined);
  const read = new Promise<void>((resolve) => stream.once("close", resolve).once("end", resolve));
  return { stdout: stream as Readable, done: outcome(place, marker, begun.done, read, code) };
}

/** Starts a shell in a pod that runs programs one after the other. */
export function podShell(place: Place): SharedShell {
  const marker = newMarker();
  return startSharedShell(
    (argv, options) => piped(execArgv(place, ["--stdin"], [...argv, execName, marker]), options),
    async (done) => {
      if (done.ok) return cutOff(place, marker, done.value);
      await endInPod(place, marker);
      return fail(startFailure(done.failure));
    },
  );
}

async function outcome(
  place: Place,
  marker: string,
  running: Promise<Result<Finished>>,
  read: Promise<void>,
  code: () => number | undefined,
): Promise<Result<Finished>> {
  const done = await running;
  if (!done.ok) {
    await endInPod(place, marker);
    return fail(startFailure(done.failure));
  }
  await read;
  const { text, isWhole } = unmarkText(done.value.stderr, marker);
  const exit = code();
  if (exit !== undefined && isWhole) return ok({ ...done.value, code: exit, stderr: text });
  return cutOff(place, marker, done.value);
}

/** Returns what it means that a program's end marker did not arrive. */
async function cutOff(place: Place, marker: string, done: Finished): Promise<Result<Finished>> {
  // the lines before may be the program's; kubectl says nothing if it takes the end for a success
  const said = done.code === 0 ? "" : lastLine(done.stderr);
  if (isGone(said)) return ok(notRunning(place.name));
  const known = unavailable(said);
  // unless it never reached the server, the program may run on
  if (!isRefused(said)) await endInPod(place, marker);
  return fail(known ?? { kind: "connection-lost", container: place.name, detail: said });
}

/** Tells whether kubectl says that the pod or its container is not there. */
export const isGone = (stderr: string): boolean =>
  /pods "[^"]*" not found|container not found|no such container|cannot exec (into|in) a container in a completed pod|pod does not exist|is not running|container .* is not valid for pod|does not have a host assigned/i.test(
    stderr,
  );

/**
 * Ends a program whose client ended first. The same network may break this connection, too, so it is tried again for a
 * while, unless the cluster refuses it. Nothing more can be done then.
 */
async function endInPod(place: Place, marker: string): Promise<void> {
  const argv = ["sh", "-c", endProgram, "tazpod", marker];
  for (const end = steadyTime() + 12_000; steadyTime() < end; await sleep(500)) {
    const own = newMarker();
    const options = { timeoutMs: Math.min(8_000, end - steadyTime()), isQuestion: true };
    const done = await capture(execArgv(place, [], markedArgv(own, argv)), options);
    const said = done.ok ? done.value.stderr : "";
    if (isGone(said) || isRefused(said) || unmarkText(said, own).isWhole) return;
  }
}

const waitForStart = `n=50
while [ ! -e "$1/ready" ] && [ "$n" -gt 0 ]; do n=$((n - 1)); sleep 0.1 2>/dev/null || sleep 1; done
[ -e "$1/ready" ]`;

/** Waits until process 1 of a running pod has made the RAM folder. False if it does not, or the pod has ended. */
export async function hasStarted(place: Place): Promise<boolean> {
  const { stdout, done } = execPiped(place, ["sh", "-c", waitForStart, "tazpod", ramFolder], {
    isQuestion: true,
  });
  stdout.resume();
  const result = await done;
  return result.ok && result.value.code === 0;
}

/** Runs a program in this terminal, or with stdout to a stream of this process. */
export async function execForeground(
  place: Place,
  argv: readonly string[],
  { tty, workdir, env, filter, ...options }: Parameters<Engine["foreground"]>[2],
): Promise<Result<Finished>> {
  const marker = newMarker();
  const marked = markedArgv(marker, argv, { tty, env, workdir });
  if (tty) return onTerminal(place, marker, marked, options);
  const codes: (() => number | undefined)[] = [];
  const done = await foreground(execArgv(place, options.output === undefined ? ["--stdin"] : [], marked), {
    ...options,
    isClient: true,
    filter: (from) => {
      const { stream, code } = unmark(marker);
      codes.push(code);
      return [stream, filter?.(from) ?? []].flat();
    },
  });
  if (!done.ok) {
    await endInPod(place, marker);
    return fail(startFailure(done.failure));
  }
  // a reader of the output that has gone ends kubectl
  if (done.value.signal !== undefined) {
    await endInPod(place, marker);
    return done;
  }
  const [out, errors] = codes.map((code) => code());
  if (out !== undefined && errors !== undefined) return ok({ ...done.value, code: out });
  return cutOff(place, marker, done.value);
}

/** With a terminal, kubectl's own stderr has the exit code, unless it is 0. */
async function onTerminal(
  place: Place,
  marker: string,
  marked: readonly string[],
  options: Pick<Parameters<Engine["foreground"]>[2], "signal" | "graceMs">,
): Promise<Result<Finished>> {
  let text = "";
  const listen = (): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, next) {
        text += chunk.toString();
        next();
      },
    });
  const done = await foreground(execArgv(place, ["--stdin", "--tty"], marked), {
    ...options,
    filter: (from) => (from === 2 ? listen() : undefined),
  });
  if (!done.ok) return fail(startFailure(done.failure));
  if (done.value.signal !== undefined) return done;
  const code = /command terminated with exit code (\d+)/.exec(text)?.[1];
  if (code === undefined) return cutOff(place, marker, { ...done.value, stderr: text });
  if (Number(code) === successCode) return ok({ ...done.value, code: 0 });
  if (Number(code) !== codeInFile) return ok({ ...done.value, code: Number(code) });
  const asked = execPiped(place, ["sh", "-c", readCode, "tazpod", marker], {});
  let written = "";
  for await (const chunk of asked.stdout) written += String(chunk);
  const answer = await asked.done;
  return answer.ok ? ok({ ...done.value, code: Number(written.trim()) || codeInFile }) : answer;
}
