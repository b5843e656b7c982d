import type { Result } from "../../failure/result.js";
import { withPassphrase } from "../../session/ask-passphrase.js";
import { openLocal } from "../../session/open-local.js";
import type { StepContext } from "../../session/step.js";
import { type Inspected, inspectVault } from "../../vault/inspect-vault.js";

/** The arguments of a vault command. */
export interface VaultCommand {
  readonly json: boolean;
  /** The words after the command's name. */
  readonly words: readonly string[];
  readonly context: StepContext;
}

/** Reads the whole local vault with the known passphrase, or asks for it. */
export function inspectLocalVault(context: StepContext): Promise<Result<Inspected>> {
  return withPassphrase(context, "Passphrase of the vault:", (passphrase) =>
    openLocal(context, () => inspectVault(context.project.vaultFile, passphrase), passphrase),
  );
}
