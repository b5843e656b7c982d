import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { ok, type Result } from "../failure/result.js";
import { execScript } from "./exec.js";
import { adoptOpen, isRecordedClosing, readOpen } from "./open-record.js";
import { readOpenMark } from "./container-scripts.js";
import { printable } from "../host/printable.js";
import type { SecretsFolder, OpenVault } from "./secrets-folder.js";

/**
 * The time limit in ms: longer than an engine takes to start a program, so nothing inside can delay a command longer.
 */
const readTimeoutMs = 10_000;

/** How often a mark that changes while it is read is read again: other tazpods may lock and unlock. */
const maxReads = 3;

/**
 * Returns the open vault by the host's record, if the mark in the secrets folder matches. "closed" without a mark;
 * "closing" while the vault is being locked, or when that was interrupted: the folder may still hold content, all of it
 * saved or discarded; "changed" when the mark differs from the record: a program inside changed it, or another user's or
 * home's tazpod opened the vault.
 */
export async function readOpenState(secrets: SecretsFolder): Promise<Result<OpenState>> {
  let mark: string | undefined;
  for (let reads = 1; ; reads++) {
    const done = await execScript(secrets, readOpenMark, [0, 3, 5], { timeoutMs: readTimeoutMs });
    if (!done.ok) return done;
    if (done.value.code !== 0) return ok(done.value.code === 5 ? "closing" : "closed");
    const last = mark;
    mark = done.value.stdout.toString().trim();
    const state = await compareWithRecord(secrets, mark);
    // another tazpod may have locked and unlocked the vault between the two reads
    if (!state.ok || state.value !== "changed" || mark === last || reads === maxReads) return state;
  }
}

type OpenState = OpenVault | "closed" | "closing" | "changed";

async function compareWithRecord(secrets: SecretsFolder, mark: string): Promise<Result<OpenState>> {
  const record = await readOpen(secrets);
  if (!record.ok) return record;
  if (record.value !== undefined) return ok(record.value.mark === mark ? record.value.opened : "changed");
  const closing = await isRecordedClosing(secrets, mark);
  if (!closing.ok || closing.value) return closing.ok ? ok("closing") : closing;
  const adopted = await adoptOpen(secrets, mark);
  return adopted.ok ? ok(adopted.value ?? "changed") : adopted;
}

/** Returns a new mark for the secrets folder: a random id and the name of this host. */
export const newMark = (): string => `${randomUUID()} ${printable(hostname())}`;

/**
 * Returns the other host that opened the vault, as the mark in the secrets folder says, which programs in the container can
 * write. Undefined if it names none, or this host.
 */
export async function otherOpener(secrets: SecretsFolder): Promise<string | undefined> {
  const done = await execScript(secrets, readOpenMark, [0, 3, 5], { timeoutMs: readTimeoutMs });
  const [, host] =
    /^[0-9a-f-]{36} (\S{1,253})$/.exec(done.ok ? done.value.stdout.toString().trim() : "") ?? [];
  return host === undefined || host === printable(hostname()) ? undefined : printable(host);
}
