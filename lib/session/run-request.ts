import { whenAborted } from "../host/abort.js";
import { randomUUID } from "node:crypto";
import { pipeline, type Readable, Transform, type Writable } from "node:stream";
import type { ContainerSpec, Engine } from "../engine/engine.js";
import { explain } from "../failure/explain.js";
import { fail, ok, type Result } from "../failure/result.js";
import { sleep } from "../host/clock.js";
import { createMask } from "../host/mask.js";
import { killedCode } from "../host/process.js";
import type { Secret } from "../host/secret.js";
import { bringBack, type BroughtBack, unpack } from "../requests/bring-back.js";
import { valuesIn } from "../requests/part-values.js";
import type { ProjectCopy } from "../requests/project-copy.js";
import type { RequestedCommand } from "../requests/request.js";
import { execScript } from "../secrets-folder/exec.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { shellCommand } from "../secrets-folder/shell-command.js";
import { execScript as execInWorkspace, type WorkspaceContainer } from "../workspace/container-exec.js";
import { openInSeparateContainer } from "./open-separate-container.js";
import { commandEnvironment } from "./shell-environment.js";
import type { StepContext } from "./step.js";
import { variablesFromVault } from "./vault-variables.js";

/** Limits of a command that was asked for: time in ms, output in bytes, processes, and memory in bytes besides the RAM folders. */
const requestLimits = {
  timeMs: 15 * 60_000,
  outputBytes: 16 * 1024 ** 2,
  processes: 512,
  memoryBytes: 2 * 1024 ** 3,
} as const;

/** A command that was allowed, and everything it may see. */
export interface AllowedCommand {
  readonly id: string;
  readonly command: RequestedCommand;
  readonly copy: ProjectCopy;
  readonly offline: boolean;
  /** The container of the shell, where its changes to the project are brought back. */
  readonly shell: WorkspaceContainer;
  readonly passphrase: Secret;
  /** Aborts when the command is to end. */
  readonly signal: AbortSignal;
}

/** Where the masked output goes. They stay open. */
export interface OutputStreams {
  readonly out: Writable;
  readonly err: Writable;
}

/** How an allowed command ended. */
export interface CommandEnd {
  readonly code: number;
  /** What it printed, in bytes. */
  readonly bytes: number;
  readonly broughtBack: BroughtBack | undefined;
}

/**
 * Runs a command in a container of its own with the parts and the copy of the project that were shown. Failures: those of the
 * container and of opening the parts; `timeout`; `too-much-output`; `interrupted`.
 */
export async function runRequest(
  context: StepContext,
  allowed: AllowedCommand,
  streams: OutputStreams,
): Promise<Result<CommandEnd>> {
  const { command, copy, offline, shell, passphrase, signal } = allowed;
  const engine = await context.engine();
  // the terminal is the shell's
  const quiet: StepContext = { ...context, signal, report: () => undefined };
  const adapt = (spec: ContainerSpec): ContainerSpec => requestSpec(spec, offline);
  const opened = await openInSeparateContainer(quiet, engine, passphrase, command.parts, adapt);
  if (!opened.ok) return opened;
  const { secrets, end } = opened.value;
  // at the end of the session or of the command's time, everything in it ends at once
  const release = whenAborted(signal, () => void end());
  try {
    const inside = { engine, container: secrets.container, user: secrets.user };
    const tar = copy.tar();
    const placed = tar === undefined ? ok(undefined) : await execInWorkspace(inside, unpack, signal, tar);
    if (!placed.ok) return placed;
    const ran = await runCommand(quiet, secrets, command, streams);
    if (!ran.ok || !command.write) return ran.ok ? ok({ ...ran.value, broughtBack: undefined }) : ran;
    const brought = await bringBack(copy, inside, shell, { suffix: `from-${allowed.id}`, signal });
    return brought.ok ? ok({ ...ran.value, broughtBack: brought.value }) : brought;
  } finally {
    release();
    if (!signal.aborted) await end();
  }
}

/** Returns the spec of the project's container without what programs in it can reach and change. */
function requestSpec(spec: ContainerSpec, offline: boolean): ContainerSpec {
  const { agentFolder: _, ...rest } = spec;
  return {
    ...rest,
    workspace: "empty",
    ports: [],
    mounts: spec.mounts.filter(({ readOnly }) => readOnly),
    network: offline ? "none" : spec.network,
    processes: Math.min(spec.processes ?? requestLimits.processes, requestLimits.processes),
    memoryBytes: spec.memoryBytes ?? requestLimits.memoryBytes + spec.secretsBytes,
  };
}

// $1 is the RAM folder, $2 the folder to work in
const makePipe = `mkfifo "$1/.tazpod/stderr"`;
const command = `mkdir -p -- "$2" && cd "$2" || exit 1
# a program that crashes must leave no copy of its memory
ulimit -c 0 2>/dev/null
exec 2> "$1/.tazpod/stderr"
shift 2
exec "$@"`;

/** Runs the command; two programs of the engine pass its stdout and its stderr on, which one would mix. */
async function runCommand(
  context: StepContext,
  secrets: SecretsFolder,
  { argv, folder, variables, variableFiles }: RequestedCommand,
  { out, err }: OutputStreams,
): Promise<Result<Omit<CommandEnd, "broughtBack">>> {
  const { engine, container, user } = secrets;
  const [values, found, environment] = [
    await valuesIn(secrets, context.signal),
    await variablesFromVault({ variables, variableFiles }, secrets),
    await commandEnvironment(context, false),
  ];
  if (!values.ok) return values;
  if (!found.ok) return found;
  const made = await execScript(secrets, makePipe, [0], { signal: context.signal });
  if (!made.ok) return made;
  const env = { ...environment, TAZPOD_SESSION: randomUUID() };
  const inside = shellCommand(secrets, { open: true, argv, variables, exports: found.value.exports });
  const words = [
    ...["sh", "-c", command, "tazpod", secrets.folder, folder],
    ...["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    ...inside,
  ];
  const tooMuch = new AbortController();
  const signal = AbortSignal.any([context.signal, tooMuch.signal]);
  let bytes = 0;
  const masked = [...values.value, ...found.value.masked];
  const show = (from: Readable, to: Writable): Promise<void> => {
    const limit = new Transform({
      transform(chunk: Buffer, _, done) {
        bytes += chunk.length;
        if (bytes > requestLimits.outputBytes) tooMuch.abort();
        done(null, tooMuch.signal.aborted ? undefined : chunk);
      },
    });
    const filtered = pipeline(from, limit, createMask(masked, true), () => undefined);
    filtered.pipe(to, { end: false });
    return new Promise((resolve) => filtered.once("close", resolve));
  };
  try {
    const started = engine.execPiped(container, words, { user, signal, timeoutMs: requestLimits.timeMs });
    const errors = engine.execPiped(container, ["cat", `${secrets.folder}/.tazpod/stderr`], { user, signal });
    const [shownOut, shownErr] = [show(started.stdout, out), show(errors.stdout, err)];
    const done = await started.done;
    // a program that it left running may keep them open
    await Promise.race([Promise.all([shownOut, shownErr]), sleep(1_000)]);
    if (tooMuch.signal.aborted)
      return fail({ kind: "too-much-output", what: argv[0] ?? "", limit: requestLimits.outputBytes });
    return done.ok ? ok({ code: done.value.code ?? killedCode, bytes }) : done;
  } finally {
    for (const value of masked) value.fill(0);
  }
}

/** Describes the end of an allowed command for the program that asked for it; undefined if its exit code says everything. */
export function describeEnd(ended: Result<CommandEnd>): string | undefined {
  if (!ended.ok) return explain(ended.failure).message;
  const { broughtBack } = ended.value;
  if (broughtBack === undefined) return undefined;
  const { written, removed, kept, problem } = broughtBack;
  if (problem !== undefined) return `Not all changes could be written to the project: ${problem}`;
  const lines = [
    written.length + removed.length + kept.length === 0 ? "Nothing in the project was changed." : "",
    written.length > 0 ? `Changed in the project: ${written.join(", ")}` : "",
    removed.length > 0 ? `Removed from the project: ${removed.join(", ")}` : "",
    kept.length > 0 ? `The project has changed since; the command's files are ${kept.join(", ")}` : "",
  ];
  return lines.filter((line) => line !== "").join("\n");
}

/** Returns why an engine cannot run requests, or undefined. */
export function whyNoRequests(engine: Engine): string | undefined {
  return engine.runHelper === undefined
    ? `the engine ${engine.name} does not isolate a command from the shell`
    : undefined;
}
