import { endSession, shellCommand } from "../secrets-folder/shell-command.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { insideVariable, workspace } from "../engine/container-paths.js";
import type { Engine } from "../engine/engine.js";
import type { Finished } from "../host/process.js";
import { type Result, fail, ok } from "../failure/result.js";
import { brokenPipeCode } from "../host/screen.js";
import type { StepContext } from "./step.js";
import { readFile } from "../secrets-folder/contents.js";
import { minMaskedBytes } from "./mask.js";

interface InsideOptions {
  /** The vault has to be open. */
  readonly open: boolean;
  readonly tty: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs the shell, or the command after `--`, in a container. Values of `--env` are masked in its output. */
export async function runInside(
  context: StepContext,
  secrets: SecretsFolder,
  { open, tty, env }: InsideOptions,
): ReturnType<Engine["foreground"]> {
  const { options, project, terminal, signal, graceMs } = context;
  // without a terminal of its own, a command learns of Ctrl-C from tazpod only
  const handOver = <T>(work: () => Promise<T>): Promise<T> => terminal.handOver(work, tty);
  const { engine, container, user } = secrets;
  const { args, variables } = options;
  const command = shellCommand(secrets, {
    open,
    argv: args.length > 0 ? args : project.config.shell,
    variables,
  });
  const inside = engine.name === "process" ? project.root : workspace;
  // a shell ignores SIGTERM
  const grace = args.length > 0 ? graceMs : undefined;
  const given = { ...env, [insideVariable]: inside };
  const how = { user, tty, workdir: workspace, env: given, signal, graceMs: grace };
  if (variables.length === 0) return handOver(() => engine.foreground(container, command, how));
  const values = await readVariables(context, secrets);
  if (!values.ok) return values;
  const { createMask } = await import("./mask.js");
  try {
    const filter = (): ReturnType<typeof createMask> => createMask(values.value);
    return await handOver(() => engine.foreground(container, command, { ...how, filter }));
  } finally {
    for (const value of values.value) value.fill(0);
  }
}

/**
 * Returns the exit code of a program in the container. If the run was interrupted, its client ended early, or the
 * terminal was closed, ends what is still running inside. Failures: `interrupted`, and those of `runInside`.
 */
export async function exitCodeOf(
  { options, signal, graceMs }: StepContext,
  secrets: SecretsFolder,
  session: string,
  done: Result<Finished>,
  hungUp: boolean,
): Promise<Result<number>> {
  // the reader of its output has gone
  const hasNoReader = done.ok && done.value.signal === "SIGPIPE";
  const code = done.ok ? done.value.code : undefined;
  if (code !== undefined && !hungUp && !signal.aborted) return ok(code);
  // a shell ignores SIGTERM
  const isCommand = options.args.length > 0 && !hungUp;
  await (isCommand ? endSession(secrets, session, "TERM", graceMs) : endSession(secrets, session));
  if (!done.ok) return done;
  if (hasNoReader && !signal.aborted) return ok(brokenPipeCode);
  const name = signal.aborted ? String(signal.reason) : (done.value.signal ?? "SIGHUP");
  return fail({ kind: "interrupted", signal: name });
}

/** Linux limits a variable to 128 KiB (MAX_ARG_STRLEN), and masking has to keep up with the output. */
const maxVariableBytes = 32 * 1024;

/**
 * Reads the values of `--env` from the open vault; they are masked in the output. Failure: `precondition` for a path
 * that is not a file of the open vault, or whose content cannot be a variable.
 */
async function readVariables(context: StepContext, secrets: SecretsFolder): Promise<Result<Buffer[]>> {
  const values: Buffer[] = [];
  for (const { name, path } of context.options.variables) {
    const found = await readFile(secrets, path);
    if (!found.ok) return found;
    const problem = whyUnusable(found.value);
    if (found.value === undefined || problem !== undefined)
      return fail({ kind: "precondition", task: "shell", message: `--env ${name}=${path}: ${problem}` });
    const value = Buffer.from(found.value.toString("latin1").replace(/\n+$/, ""), "latin1");
    if (value.length < minMaskedBytes)
      context.terminal.print(
        `--env ${name}: the value is shorter than ${minMaskedBytes} bytes and is not masked.`,
      );
    values.push(value);
  }
  return ok(values);
}

function whyUnusable(value: Buffer | undefined): string | undefined {
  if (value === undefined) return "there is no such file in the open parts of the vault.";
  if (value.includes(0)) return "it contains a NUL byte, which a variable cannot hold.";
  return value.length > maxVariableBytes
    ? `it has ${value.length} bytes; the limit is ${maxVariableBytes}.`
    : undefined;
}
