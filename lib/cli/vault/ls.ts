import { printJson, printResult } from "../../host/screen.js";
import { printable } from "../../host/printable.js";
import { ok, type Result } from "../../failure/result.js";
import { formatBytes } from "../../host/human.js";
import { withPassphrase } from "../../session/ask-passphrase.js";
import { openLocal } from "../../session/open-local.js";
import { listVault } from "../../vault/inspect-vault.js";
import { type VaultCommand } from "./vault-command.js";

/**
 * `tazpod vault ls`: lists the files of the sealed vault by name, size and time. It relies on the manifest; `verify`
 * reads everything.
 */
export async function ls(command: VaultCommand): Promise<Result<void>> {
  const { context } = command;
  const found = await withPassphrase(context, "Passphrase of the vault:", (passphrase) =>
    openLocal(context, () => listVault(context.project.vaultFile, passphrase), passphrase),
  );
  if (!found.ok) return found;
  const { format, manifest, entries } = found.value;
  if (command.json) {
    const { generation, host, time, audit } = manifest ?? {};
    const shownEntries = entries.map(({ entry, sha256 }) => ({
      ...entry,
      mode: entry.mode.toString(8).padStart(3, "0"),
      ...(entry.type === "file" ? { sha256 } : {}),
    }));
    printJson({ format, generation, host, time, audit, entries: shownEntries });
    return ok(undefined);
  }
  for (const { entry } of entries) {
    const size = entry.type === "file" ? formatBytes(entry.size) : "";
    const time = new Date(entry.mtime * 1000).toISOString().slice(0, 16).replace("T", " ");
    const end =
      entry.type === "directory" ? "/" : entry.type === "link" ? ` -> ${printable(entry.target ?? "")}` : "";
    printResult(`${size.padStart(10)}  ${time}  ${printable(entry.path)}${end}`);
  }
  return ok(undefined);
}
