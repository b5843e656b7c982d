import { updateOpen } from "../secrets-folder/open-record.js";
import { readOpenState } from "../secrets-folder/open-state.js";
import { removeFiles } from "../secrets-folder/change-parts.js";
import { packFolder } from "../secrets-folder/pack.js";
import type { SecretsFolder, OpenVault } from "../secrets-folder/secrets-folder.js";
import { withProjectLock } from "../project/project-lock.js";
import { otherSessions } from "../project/sessions.js";
import { fail, ok, type Result } from "../failure/result.js";
import { normalise } from "../vault/archive/normalise.js";
import { archiveDigest, type DigestLine } from "../vault/archive/manifest.js";
import { isOpen, isAboveOpen, type OpenParts, rest } from "../vault/vault-parts.js";
import type { StepContext } from "./step.js";

/** The parts that this run opened, is done with, and nobody else here has asked for. */
export async function partsToClose({ project, session }: StepContext): Promise<Result<readonly string[]>> {
  if (!session.vault.isLeaving || session.parts.toClose.length === 0) return ok([]);
  const others = await otherSessions(project.vaultFolder);
  if (!others.ok) return others;
  const wanted = new Set(others.value.flatMap(({ parts }) => parts));
  return ok(session.parts.toClose.filter((part) => !wanted.has(part)));
}

/**
 * Takes parts out of the RAM folder whose every change was saved. Failures: `changed-meanwhile` when something has changed
 * since, `vault-closed`, `still-open`.
 */
export function closeParts(context: StepContext, secrets: SecretsFolder): Promise<Result<void>> {
  const { project, session, signal } = context;
  return withProjectLock(project.vaultFolder, signal, async () => {
    const names = await partsToClose(context);
    if (!names.ok) return names;
    const mark = await readOpenState(secrets);
    if (!mark.ok) return mark;
    if (typeof mark.value === "string") return fail({ kind: "vault-closed" });
    const closed = await takeAway(context, secrets, mark.value, names.value);
    if (closed.ok) session.parts.toClose = [];
    return closed;
  });
}

async function takeAway(
  { project, signal }: StepContext,
  secrets: SecretsFolder,
  mark: OpenVault,
  names: readonly string[],
): Promise<Result<void>> {
  const { parts, open } = mark.parts ?? everything(project.config.parts);
  const left: OpenParts = { parts, open: open.filter((name) => !names.includes(name)) };
  const taking = packFolder(secrets, { signal, lenient: false });
  const archive = normalise(taking.tar, { limitBytes: Number.MAX_SAFE_INTEGER, format: "age" });
  archive.tar.resume();
  const [summary, done] = await Promise.all([archive.summary, taking.done]);
  if (!done.ok) return done;
  if (!summary.ok) return summary;
  if (summary.value.digest !== mark.digest)
    return fail({ kind: "changed-meanwhile", detail: "Something in the vault was changed meanwhile" });
  const stays = ({ entry: { path, type } }: DigestLine): boolean =>
    isOpen(path, left) || (type === "directory" && isAboveOpen(path, left));
  const { entries, folders } = summary.value;
  // first: what is gone and still counts as open would be taken for removed
  const told = await updateOpen(secrets, {
    ...mark,
    digest: archiveDigest(entries.filter(stays)),
    parts: left,
  });
  if (!told.ok) return told;
  const goes = entries.filter((line) => !stays(line));
  const going = new Set(goes.map(({ entry }) => entry.path));
  return removeFiles(secrets, {
    files: goes.filter(({ entry }) => entry.type !== "directory").map(({ entry }) => entry.path),
    folders: folders.filter(({ path }) => going.has(path)).map(({ path }) => path),
  });
}

function everything(parts: OpenParts["parts"]): OpenParts {
  const plain = parts.map(({ name, paths }) => ({ name, paths }));
  return { parts: plain, open: [...plain.map(({ name }) => name), rest] };
}
