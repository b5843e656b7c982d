import { readOpenState } from "../../secrets-folder/open-state.js";
import { printJson, printResult } from "../../host/screen.js";
import { packFolder } from "../../secrets-folder/pack.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { summarise } from "../../vault/archive/normalise.js";
import { archiveLimit } from "../../vault/archive/entry-policy.js";
import { changeLines, changesBetween } from "../../vault/changes.js";
import type { DigestLine } from "../../vault/archive/manifest.js";
import { isOpen, isAboveOpen, type OpenParts } from "../../vault/vault-parts.js";
import type { StepContext } from "../../session/step.js";
import { inspectLocalVault, type VaultCommand } from "./vault-command.js";

/** `tazpod vault diff`: lists the names that differ between the RAM folder and the sealed vault. */
export async function diff(command: VaultCommand): Promise<Result<void>> {
  const open = await listRamFolder(command.context);
  if (!open.ok) return open;
  const sealed = await inspectLocalVault(command.context);
  if (!sealed.ok) return sealed;
  const { opening, entries } = open.value;
  const before = sealed.value.summary.entries.filter(
    ({ entry: { path } }) => opening === undefined || isOpen(path, opening) || isAboveOpen(path, opening),
  );
  const found = changesBetween(before, entries);
  if (command.json) printJson(found);
  else for (const line of changeLines(found)) printResult(line);
  return ok(undefined);
}

interface RamFolder {
  readonly entries: readonly DigestLine[];
  /** Open parts; undefined means all. */
  readonly opening: OpenParts | undefined;
}

async function listRamFolder({
  secrets: find,
  project,
  options,
  signal,
}: StepContext): Promise<Result<RamFolder>> {
  const secrets = await find();
  if (!secrets.ok)
    return secrets.failure.kind === "container-gone" ? fail({ kind: "vault-closed" }) : secrets;
  const openState = await readOpenState(secrets.value);
  if (!openState.ok) return openState;
  if (typeof openState.value === "string") return fail({ kind: "vault-closed" });
  const lenient = options.skipUnreadable;
  const packed = packFolder(secrets.value, { signal, lenient });
  const limitBytes = archiveLimit(project.config.secretsBytes);
  const reading = summarise(packed.tar, { limitBytes, format: "age", lenient, hardLinks: new Set() });
  const [found, done] = await Promise.all([reading, packed.done]);
  if (!done.ok) return done;
  return found.ok ? ok({ entries: found.value.entries, opening: openState.value.parts }) : found;
}
