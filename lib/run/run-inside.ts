import { shellCommand } from "../enclave/shell.js";
import type { Enclave } from "../enclave/types.js";
import { workspace } from "../engine/paths.js";
import type { Engine } from "../engine/types.js";
import type { StepContext } from "./step.js";
import { variableValues } from "./variables.js";

interface Inside {
  /** Whether the vault is to be open. */
  readonly open: boolean;
  readonly tty: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs the shell, or the command behind `--`, in a container; values of `--env` are masked in what it prints. */
export async function runInside(
  context: StepContext,
  enclave: Enclave,
  { open, tty, env }: Inside,
): ReturnType<Engine["foreground"]> {
  const { options, project, terminal, signal } = context;
  const { engine, container, user } = enclave;
  const { args, variables } = options;
  const command = shellCommand(enclave, {
    open,
    argv: args.length > 0 ? args : project.config.shell,
    variables,
  });
  const how = { user, tty, workdir: workspace, env, signal };
  if (variables.length === 0) return terminal.lend(() => engine.foreground(container, command, how));
  const values = await variableValues(context, enclave);
  if (!values.ok) return values;
  const { masking } = await import("./mask.js");
  try {
    const filter = (): ReturnType<typeof masking> => masking(values.value);
    return await terminal.lend(() => engine.foreground(container, command, { ...how, filter }));
  } finally {
    for (const value of values.value) value.fill(0);
  }
}
