import { endSession, shellCommand } from "../secrets-folder/shell-command.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { workspace } from "../engine/paths.js";
import type { Engine } from "../engine/engine.js";
import type { Finished } from "../host/process.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { StepContext } from "./step.js";
import { variableValues } from "./command-secrets.js";

interface Inside {
  /** Whether the vault is to be open. */
  readonly open: boolean;
  readonly tty: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs the shell, or the command behind `--`, in a container; values of `--env` are masked in what it prints. */
export async function runInside(
  context: StepContext,
  secrets: SecretsFolder,
  { open, tty, env }: Inside,
): ReturnType<Engine["foreground"]> {
  const { options, project, terminal, signal } = context;
  const { engine, container, user } = secrets;
  const { args, variables } = options;
  const command = shellCommand(secrets, {
    open,
    argv: args.length > 0 ? args : project.config.shell,
    variables,
  });
  const how = { user, tty, workdir: workspace, env, signal };
  if (variables.length === 0) return terminal.handOver(() => engine.foreground(container, command, how));
  const values = await variableValues(context, secrets);
  if (!values.ok) return values;
  const { masking } = await import("./mask.js");
  try {
    const filter = (): ReturnType<typeof masking> => masking(values.value);
    return await terminal.handOver(() => engine.foreground(container, command, { ...how, filter }));
  } finally {
    for (const value of values.value) value.fill(0);
  }
}

/**
 * The exit code of a program that ran inside. What its client left running there, when it did not end by itself or the
 * terminal was hung up, is ended. Failures: `interrupted`, and those of `runInside`.
 */
export async function exitCodeOf(
  secrets: SecretsFolder,
  session: string,
  done: Result<Finished>,
  hungUp: boolean,
): Promise<Result<number>> {
  const code = done.ok ? done.value.code : undefined;
  if (code === undefined || hungUp) await endSession(secrets, session);
  if (!done.ok) return done;
  if (code === undefined || hungUp)
    return fail({ kind: "interrupted", signal: done.value.signal ?? "SIGHUP" });
  return ok(code);
}
