import { resultsOnTerminal, sendData } from "../../host/screen.js";
import { fail, type Result, settle } from "../../failure/result.js";
import { vaultContent } from "../../vault/inspect-vault.js";
import { inspectLocalVault, type VaultCommand } from "./vault-command.js";

/** `tazpod vault export`: writes the content as a plain tar to stdout, after the whole vault was read and verified. */
export async function exportTar(command: VaultCommand): Promise<Result<void>> {
  if (resultsOnTerminal())
    return fail({
      kind: "usage",
      message: "`vault export` writes unencrypted secrets, so it does not write to a terminal.",
      hint: "Use a pipe: `tazpod vault export | tar -C /dev/shm/DIR -xf -`.",
    });
  const { context } = command;
  const whole = await inspectLocalVault(context);
  if (!whole.ok) return whole;
  const passphrase = context.session.passphrase.known;
  if (passphrase === undefined) throw new Error("a vault was opened without a known passphrase");
  const { tar } = vaultContent(context.project.vaultFile, passphrase);
  return settle(() => sendData(tar));
}
