import { printJson, printResult } from "../../host/screen.js";
import { ok, type Result } from "../../failure/result.js";
import { formatBytes, formatFileCount } from "../../host/human.js";
import { inspectLocalVault, type VaultCommand } from "./vault-command.js";

/** `tazpod vault verify`: reads the whole sealed vault, and writes nothing. */
export async function verify(command: VaultCommand): Promise<Result<void>> {
  const found = await inspectLocalVault(command.context);
  if (!found.ok) return found;
  const { format, sha256, summary } = found.value;
  const { files, directories, links, bytes, digest } = summary;
  if (command.json) {
    printJson({ outcome: "good", format, sha256, digest, files, directories, links, bytes });
    return ok(undefined);
  }
  const path = command.context.project.vaultFile;
  printResult(`✔ ${path} is intact: ${formatFileCount(files)}, ${formatBytes(bytes)}, format ${format}`);
  return ok(undefined);
}
