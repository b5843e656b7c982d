import { basename, join } from "node:path";
import { hasOpenRecord, isMarkedUnsaved } from "../secrets-folder/open-record.js";
import { findSpecialEntry, pathExists, readProjectFile } from "../host/project-file.js";
import { exitCodeAfterOutput, printResult } from "../host/screen.js";
import { findRoot, localConfigName, startFolder } from "../project/find-project.js";
import { isRemoteNone } from "../project/remote-none.js";
import { isInUse } from "../project/sessions.js";
import { waitingCount } from "../requests/waiting-count.js";
import { statRegularFile } from "../host/files.js";
import { hashStore, isPushed, readLocal } from "../remote/local-vault.js";
import { vaultFileName } from "../vault/store.js";
import { readState } from "../vault/vault-state.js";
import { printable } from "../host/printable.js";

/**
 * `tazpod status --short`: prints a line for a prompt, such as `lab open*↑ ?2`; nothing outside a project. It reads only
 * files and does not ask the engine; what cannot be read is left out. A prompt runs it in every clone, so it writes and
 * removes nothing, and reads nothing outside the project.
 */
export async function shortStatus(given?: string): Promise<number> {
  const start = startFolder(given);
  const found = start.ok ? await findRoot(start.value) : start;
  if (found.ok && found.value.initialised) printResult(await shortLine(found.value.root));
  return exitCodeAfterOutput(0);
}

async function shortLine(root: string): Promise<string> {
  const vaultFolder = join(root, ".tazpod", "vault");
  if ((await findSpecialEntry(root, ".tazpod/vault")) !== undefined) return printable(basename(root));
  const [open, vault] = await Promise.all([
    hasOpenRecord(vaultFolder),
    statRegularFile(join(vaultFolder, vaultFileName)),
  ]);
  const hasVault = vault.ok && vault.value !== undefined;
  // without a shell, it may have been closed from inside
  const state = open ? ((await isInUse(vaultFolder, true)) ? "open" : "open?") : hasVault ? "locked" : "";
  const unsaved = open && (await isMarkedUnsaved(vaultFolder)) ? "*" : "";
  const pushed = !hasVault || (await isPushedAnywhere(vaultFolder)) || (await hasNoRemote(root));
  const waiting = await waitingCount(vaultFolder);
  const marks = [`${state}${unsaved}${pushed ? "" : "↑"}`, waiting === 0 ? "" : `?${waiting}`];
  return [printable(basename(root)), ...marks].filter((word) => word !== "").join(" ");
}

/** Tells whether the local vault is the one last synced; one that cannot be read counts as such. */
async function isPushedAnywhere(vaultFolder: string): Promise<boolean> {
  const read = await readState(vaultFolder);
  if (!read.ok) return true;
  const { pushed, arriving } = read.value.state;
  if (pushed === undefined && arriving === undefined) return false;
  const { read: known } = hashStore(vaultFolder);
  const local = await readLocal(vaultFolder, { store: { read: known } });
  return !local.ok || isPushed(local.value, local.value.state.pushed?.remote ?? "");
}

async function hasNoRemote(root: string): Promise<boolean> {
  const local = join(root, ".tazpod", localConfigName);
  const text = await readProjectFile(root, join(root, ".tazpod", "config.yaml"));
  const says = text.ok && ((await pathExists(local)) ? undefined : isRemoteNone(String(text.value ?? "")));
  if (says !== undefined) return says;
  const { loadProgram } = await import("./load-program.js");
  const project = await loadProgram("status").loadProject(root);
  return project.ok && project.value.config.remote.url === "none";
}
