import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { ok, type Result } from "../failure/result.js";
import { execScript } from "./exec.js";
import { adoptOpen, readOpen } from "./open-record.js";
import { readOpenMark } from "./container-scripts.js";
import { printable } from "../host/printable.js";
import type { SecretsFolder, OpenVault } from "./secrets-folder.js";

/**
 * The time limit in ms: longer than an engine takes to start a program, so nothing inside can delay a command longer.
 */
const readTimeoutMs = 10_000;

/**
 * Returns the open vault by the host's record, if the mark in the secrets folder matches. "closed" without a mark;
 * "closing" when a lock was interrupted and the folder may still hold content, all of it saved or discarded; "changed"
 * when the mark differs from the record: a program inside changed it, or another user's or home's tazpod opened the
 * vault.
 */
export async function readOpenState(
  secrets: SecretsFolder,
): Promise<Result<OpenVault | "closed" | "closing" | "changed">> {
  const done = await execScript(secrets, readOpenMark, [0, 3, 5], { timeoutMs: readTimeoutMs });
  if (!done.ok) return done;
  if (done.value.code !== 0) return ok(done.value.code === 5 ? "closing" : "closed");
  const mark = done.value.stdout.toString().trim();
  const record = await readOpen(secrets);
  if (!record.ok) return record;
  if (record.value !== undefined) return ok(record.value.mark === mark ? record.value.opened : "changed");
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
