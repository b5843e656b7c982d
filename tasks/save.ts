#!/usr/bin/env node
import { marker, setMarker } from "../lib/enclave/marker.js";
import { forgetOpen, recordedOpen } from "../lib/enclave/open-record.js";
import { take, type Taking } from "../lib/enclave/take.js";
import type { Enclave, Marker } from "../lib/enclave/types.js";
import type { Failure } from "../lib/failure.js";
import { fileHash } from "../lib/host/file-hash.js";
import { fail, ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { bytesOf, count } from "../lib/run/bytes.js";
import { cannotTell } from "../lib/run/checks.js";
import { vaultPassphrase } from "../lib/run/passphrase.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";
import type { Secret } from "../lib/secret.js";
import { normalise } from "../lib/vault/archive.js";
import { archiveLimit } from "../lib/vault/limit.js";
import { isCut } from "../lib/vault/cut.js";
import { formatOf } from "../lib/vault/format-of.js";
import { conflictPath, keptBeside } from "../lib/vault/conflicts.js";
import { leftOut, sealInto } from "../lib/vault/seal-folder.js";

/** Seals the RAM folder and makes that the local vault, once it has been opened again for proof. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project } = context;
  const lenient = context.options.skipUnreadable;
  const enclave = await context.enclave();
  if (!enclave.ok) return enclave;
  const mark = await marker(enclave.value);
  if (!mark.ok) return mark;
  if (typeof mark.value === "string") return notOpen(context);
  const opened = mark.value;
  const generation = opened.generation ?? 0;
  const passphrase = await provenPassphrase(context);
  if (!passphrase.ok) return passphrase;
  const format = await formatOf(project.vaultFile);
  if (!format.ok) return format;
  const sealed = await sealInto({
    passphrase: passphrase.value,
    format: format.value,
    folder: project.vaultFolder,
    source: () => take(enclave.value, { signal: context.signal, lenient }),
    lenient,
    from: { generation, parent: { sealed: opened.base, content: opened.digest } },
    limitBytes: archiveLimit(project.config.secretsBytes),
    target: async (filled) => {
      const place = await target(context, opened);
      if (!place.ok) return place;
      const told = await setMarker(enclave.value, { ...opened, next: filled.sha256 });
      return told.ok ? place : told;
    },
  });
  if (!sealed.ok) return fail(unsaved(sealed.failure));
  const { path, sha256, summary } = sealed.value;
  const without = leftOut(sealed.value);
  if (without.length > 0) context.terminal.say(`Not kept in the vault: ${without.join(", ")}`);
  if (path !== project.vaultFile) return fail(keptBeside(path));
  context.terminal.say(`✔ saved: ${count(summary.files)}, ${bytesOf(summary.bytes)}, sealed`);
  const { next: _, ...rest } = opened;
  return setMarker(enclave.value, {
    ...rest,
    digest: summary.digest,
    base: sha256,
    generation: generation + 1,
    moving: sealed.value.moving,
  });
}

/** What a vault cannot hold is here one more thing that stands in the way of saving. */
function unsaved(failure: Failure): Failure {
  return failure.kind === "archive-refused"
    ? { kind: "save-incomplete", problems: [`${JSON.stringify(failure.entry)}: ${failure.detail}`] }
    : failure;
}

/** A typing error must not become the new passphrase: one that has opened nothing in this run has to open what is there. */
async function provenPassphrase(context: StepContext): Promise<Result<Secret>> {
  const { session } = context;
  if (session.passphrase !== undefined) return ok(session.passphrase);
  return vaultPassphrase(context, "Passphrase of the vault, to seal what changed:");
}

/** Where what was open goes: beside the vault when that is no longer the one that was opened. */
async function target({ project, options, signal }: StepContext, opened: Marker): Promise<Result<string>> {
  if (options.force) return ok(project.vaultFile);
  const here = await fileHash(project.vaultFile, signal);
  if (!here.ok) return here;
  return here.value === opened.base || here.value === opened.next
    ? ok(project.vaultFile)
    : conflictPath(project.vaultFolder);
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
  // a tar that was refused for what is in it was not read on, and ended because of that
  return done.ok || (!result.ok && !isCut(result.failure)) ? result : done;
}

async function digestOf(
  { project, options, signal }: StepContext,
  enclave: Enclave,
  moving: readonly string[],
): Promise<Result<string>> {
  const lenient = options.skipUnreadable;
  const limitBytes = archiveLimit(project.config.secretsBytes);
  const format = await formatOf(project.vaultFile);
  if (!format.ok) return format;
  const without = new Set(lenient ? moving : []);
  const found = await whole(take(enclave, { signal, lenient }), async (taking) => {
    const { tar, summary } = normalise(taking.tar, {
      limitBytes,
      format: lenient ? format.value : "age",
      lenient,
      without,
    });
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
  const digest = await digestOf(context, enclave.value, mark.value.moving ?? []);
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
