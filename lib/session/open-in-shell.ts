import { hasOpenRecord, isRecordedOpen, updateOpen } from "../secrets-folder/open-record.js";
import { readOpenState } from "../secrets-folder/open-state.js";
import type { OpenVault, SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { StepContext } from "./step.js";

/** The vault that is open in the project's container. */
export interface VaultInShell {
  readonly secrets: SecretsFolder;
  readonly openState: OpenVault;
}

/** Returns the vault that is open in the project's container, if any. Failures: those of asking the engine. */
export async function openInShell({ secrets }: StepContext): Promise<Result<VaultInShell | undefined>> {
  const found = await secrets();
  if (!found.ok) return found.failure.kind === "container-gone" ? ok(undefined) : found;
  const openState = await readOpenState(found.value);
  if (!openState.ok) return openState;
  return ok(
    typeof openState.value === "string" ? undefined : { secrets: found.value, openState: openState.value },
  );
}

/**
 * Fails with `precondition` if a tazpod of this host has recorded that the vault is open, as one may have done while a
 * question waited. The engine is asked only then, and what it cannot tell is no obstacle.
 */
export async function requireStillClosed({ project, engine: find }: StepContext): Promise<Result<void>> {
  const { vaultFolder, config } = project;
  if (!(await hasOpenRecord(vaultFolder))) return ok(undefined);
  const engine = await find();
  const state = await engine.inspect(config.containerName);
  const recorded = state.ok ? await isRecordedOpen(vaultFolder, state.value) : ok(false);
  if (!recorded.ok) return recorded;
  if (!recorded.value) return ok(undefined);
  return fail({
    kind: "precondition",
    task: "vault",
    message: "The vault is open, so it was not replaced.",
    hint: "`tazpod lock` saves and closes it.",
  });
}

/** Returns whether one of the parts is open there, too: a later save would overwrite it. */
export function hasPart(openState: OpenVault | undefined, names: readonly string[]): boolean {
  if (openState === undefined) return false;
  return openState.parts === undefined || names.some((name) => openState.parts?.open.includes(name));
}

/** Bases the open vault on the new sealed one, if it was based on the one that this replaced: its next save keeps both. */
export async function moveBase(
  open: VaultInShell | undefined,
  replaced: string,
  sealed: string,
  generation: number,
): Promise<Result<void>> {
  if (open === undefined || open.openState.base !== replaced) return ok(undefined);
  const { next: _, ...rest } = open.openState;
  return updateOpen(open.secrets, { ...rest, base: sealed, generation });
}
