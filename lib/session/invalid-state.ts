import { failureText } from "../failure/explain.js";
import { readState } from "../vault/vault-state.js";
import type { StepContext } from "./step.js";

const told = new WeakSet<StepContext["session"]>();

/** Warns once in a run that the vault's state is invalid: later messages about pushes and other hosts are wrong then. */
export async function tellInvalidState({ project, session, terminal }: StepContext): Promise<void> {
  if (told.has(session)) return;
  told.add(session);
  const read = await readState(project.vaultFolder);
  if (read.ok && read.value.problem !== undefined) terminal.warn(failureText(read.value.problem));
}
