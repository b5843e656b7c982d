import { askFolder, askVariable, endSession, shellCommand } from "../secrets-folder/shell-command.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { insideVariable, workspace } from "../engine/container-paths.js";
import type { Engine } from "../engine/engine.js";
import { minMaskedBytes } from "../host/hidden.js";
import { createMask } from "../host/mask.js";
import type { OutputFilter } from "../host/foreground.js";
import type { Finished } from "../host/process.js";
import { type Result, fail, ok } from "../failure/result.js";
import { brokenPipeCode } from "../host/screen.js";
import type { StepContext } from "./step.js";
import { hasVariables, variablesFromVault } from "./vault-variables.js";

interface InsideOptions {
  /** The vault has to be open. */
  readonly open: boolean;
  readonly tty: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Where stdout goes, if the command gets no stdin either. */
  readonly output?: 1 | 2 | undefined;
  readonly filter?: OutputFilter | undefined;
}

/** Runs the shell, or the command after `--`, in a container. Values of `--env` and `--dotenv` are masked in its output. */
export async function runInside(
  context: StepContext,
  secrets: SecretsFolder,
  { open, tty, env, output, filter: shown }: InsideOptions,
): ReturnType<Engine["foreground"]> {
  const { options, project, terminal, signal, graceMs } = context;
  // without a terminal of its own, a command learns of Ctrl-C from tazpod only
  const handOver = <T>(work: () => Promise<T>): Promise<T> => terminal.handOver(work, tty);
  const { engine, container, user } = secrets;
  const { args, variables } = options;
  const inside = engine.name === "process" ? project.root : workspace;
  // a shell ignores SIGTERM
  const grace = args.length > 0 ? graceMs : undefined;
  const mayAsk = engine.runHelper !== undefined && project.config.session.requests !== "off";
  const ask: Readonly<Record<string, string>> = mayAsk ? { [askVariable]: askFolder } : {};
  const given = { ...env, ...ask, [insideVariable]: inside };
  const how = {
    ...{ user, tty, workdir: workspace, env: given, signal, graceMs: grace, output },
    forwardsPorts: output === undefined,
    warn: (text: string) => terminal.warn(text),
  };
  const found = await variablesFromVault(options, secrets);
  if (!found.ok) return found;
  const { masked, exports, unmasked } = found.value;
  if (unmasked.length > 0)
    terminal.print(
      `Not masked in the output, since the value is shorter than ${minMaskedBytes} bytes: ${unmasked.join(", ")}.`,
    );
  const argv = args.length > 0 ? args : project.config.shell;
  const command = shellCommand(secrets, { open, argv, variables, exports });
  if (!hasVariables(options))
    return handOver(() =>
      engine.foreground(container, command, shown === undefined ? how : { ...how, filter: shown }),
    );
  try {
    const filter = (): ReturnType<typeof createMask> => createMask(masked);
    return await handOver(() => engine.foreground(container, command, { ...how, filter }));
  } finally {
    for (const value of masked) value.fill(0);
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
