import { updateOpen } from "../secrets-folder/open-record.js";
import { readOpenState } from "../secrets-folder/open-state.js";
import type { OpenVault, SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { ok, type Result } from "../failure/result.js";
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
