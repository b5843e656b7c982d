#!/usr/bin/env node
import { marker, setMarker } from "../lib/enclave/marker.js";
import { forgetOpen, recordedOpen } from "../lib/enclave/open-record.js";
import { take, type Taking } from "../lib/enclave/take.js";
import type { Enclave } from "../lib/enclave/types.js";
import { fail, ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { bytesOf, count } from "../lib/run/bytes.js";
import { cannotTell } from "../lib/run/checks.js";
import { withPassphrase } from "../lib/run/passphrase.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";
import type { Secret } from "../lib/secret.js";
import { normalise } from "../lib/vault/archive.js";
import { archiveLimit } from "../lib/vault/limit.js";
import { openVault } from "../lib/vault/open.js";
import { keepConflict } from "../lib/vault/conflicts.js";
import { sealArchive, storeSealed } from "../lib/vault/seal-folder.js";
import { readSealedFile } from "../lib/vault/sealed-file.js";

/** Seals the RAM folder and makes that the local vault, once it has been opened again for proof. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project } = context;
  const enclave = await context.enclave();
  if (!enclave.ok) return enclave;
  const mark = await marker(enclave.value);
  if (!mark.ok) return mark;
  if (typeof mark.value === "string") return notOpen(context);
  const here = await readSealedFile(project.vaultFile);
  if (!here.ok) return here;
  // a typing error must not become the new passphrase: it has to open what is there
  const opens = async (passphrase: Secret) => {
    const opened = await openVault(here.value.bytes, passphrase, { name: project.vaultFile });
    if (opened.ok) opened.value.tar.destroy();
    return opened.ok ? ok({ passphrase, format: opened.value.format }) : opened;
  };
  const key = await withPassphrase(context, "Passphrase of the vault, to seal what changed:", opens);
  if (!key.ok) return key;
  const { passphrase, format } = key.value;
  const limit = archiveLimit(project.config.secretsBytes);
  const sealed = await whole(take(enclave.value, context.signal), (taking) =>
    sealArchive(taking.tar, passphrase, format, limit),
  );
  if (!sealed.ok) return sealed;
  const dropped = sealed.value.summary.dropped;
  if (dropped.length > 0) context.terminal.say(`Not kept in the vault: ${dropped.join(", ")}`);
  if (here.value.sha256 !== mark.value.base && !context.options.force)
    return keepConflict(project.vaultFolder, sealed.value.bytes);
  const { files, bytes } = sealed.value.summary;
  const stored = await storeSealed(project.vaultFolder, sealed.value, passphrase, limit);
  if (!stored.ok) return stored;
  context.terminal.say(`✔ saved: ${count(files)}, ${bytesOf(bytes)}, sealed`);
  return setMarker(enclave.value, {
    ...mark.value,
    digest: sealed.value.summary.digest,
    base: sealed.value.sha256,
  });
}

/** What was open by the host's own note was removed from inside; then the note is wrong from now on. */
async function notOpen({ project, container }: StepContext): Promise<Result<never>> {
  const state = await container();
  if (!state.ok) return state;
  const recorded = await recordedOpen(project.vaultFolder, state.value);
  if (!recorded.ok) return recorded;
  if (!recorded.value) return fail({ kind: "vault-closed" });
  const forgotten = await forgetOpen(project.vaultFolder);
  return forgotten.ok ? fail({ kind: "vault-vanished" }) : forgotten;
}

/** The result of reading a taking, good only if tar says that it read everything; what tar complains of comes first. */
async function whole<T>(taking: Taking, read: (taking: Taking) => Promise<Result<T>>): Promise<Result<T>> {
  const [result, done] = await Promise.all([read(taking), taking.done]);
  return done.ok || (!result.ok && result.failure.kind !== "archive-refused") ? result : done;
}

async function digestOf(enclave: Enclave, limitBytes: number, signal: AbortSignal): Promise<Result<string>> {
  const found = await whole(take(enclave, signal), async (taking) => {
    const { tar, summary } = normalise(taking.tar, { limitBytes, format: "age" });
    tar.resume();
    return summary;
  });
  return found.ok ? ok(found.value.digest) : found;
}

const vaultSaved: StepCheck = async (context) => {
  if (context.options.discard) return holds("unsaved work is discarded, as --discard says");
  const enclave = await context.enclave();
  if (!enclave.ok) return cannotTell(enclave.failure);
  const mark = await marker(enclave.value);
  if (!mark.ok) return cannotTell(mark.failure);
  if (mark.value === "closed") return fails("the vault is not open");
  if (mark.value === "closing") return holds("it was saved before it was being locked");
  const digest = await digestOf(
    enclave.value,
    archiveLimit(context.project.config.secretsBytes),
    context.signal,
  );
  // what cannot be read is not saved either; the save then says what it is
  if (!digest.ok)
    return digest.failure.kind === "container-gone"
      ? cannotTell(digest.failure)
      : fails("the RAM folder cannot be read whole");
  return digest.value === mark.value.digest
    ? holds("nothing has changed since it was saved")
    : fails("there is unsaved work");
};

export const checks: Readonly<Record<string, StepCheck>> = { "vault-saved": vaultSaved };

alone(import.meta.url);
