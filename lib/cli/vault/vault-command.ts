import type { Result } from "../../failure/result.js";
import { withPassphrase } from "../../session/ask-passphrase.js";
import type { StepContext } from "../../session/step.js";
import { type Inspected, inspectVault } from "../../vault/inspect-vault.js";

/** What a command about the vault is given: a context as a step has it. */
export interface VaultCommand {
  readonly json: boolean;
  /** What follows the command's name. */
  readonly words: readonly string[];
  readonly context: StepContext;
}

/** The local vault, opened fully with the passphrase that is given or asked for. */
export function inspectLocalVault(context: StepContext): Promise<Result<Inspected>> {
  return withPassphrase(context, "Passphrase of the vault:", (passphrase) =>
    inspectVault(context.project.vaultFile, passphrase),
  );
}
