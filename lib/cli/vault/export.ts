import { resultsOnTerminal, sendData } from "../../host/screen.js";
import { fail, type Result, settle } from "../../failure/result.js";
import { vaultContent } from "../../vault/inspect-vault.js";
import { inspectLocalVault, type VaultCommand } from "./vault-command.js";

/** `tazpod vault export`: the content as a plain tar on stdout; the vault was opened fully before the first byte. */
export async function exportTar(command: VaultCommand): Promise<Result<void>> {
  if (resultsOnTerminal())
    return fail({
      kind: "usage",
      message: "vault export writes secrets in the clear, so not to a terminal.",
      hint: "Send it on: `tazpod vault export | tar -C /dev/shm/DIR -xf -`.",
    });
  const { context } = command;
  const whole = await inspectLocalVault(context);
  if (!whole.ok) return whole;
  const passphrase = context.session.passphrase.known;
  if (passphrase === undefined) throw new Error("a vault was opened and its passphrase is not known");
  const { tar } = vaultContent(context.project.vaultFile, passphrase);
  return settle(() => sendData(tar));
}
