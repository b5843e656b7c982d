import { ok, type Result } from "../failure/result.js";
import { execScript } from "./exec.js";
import { adoptOpen, readOpen } from "./open-record.js";
import { readOpenMark } from "./container-scripts.js";
import type { SecretsFolder, OpenVault } from "./secrets-folder.js";

/** Longer than an engine takes to start a program, in ms: nothing inside may hold a command for longer. */
const readTimeoutMs = 10_000;

/**
 * What is open in the RAM folder, by the host's record, if the mark there is the one that was left when it was opened.
 * "closed" when there is no mark; "closing" when a lock was cut short, so that the folder may still hold part of what was
 * open, all of which had been saved or given up before; "changed" when the mark is not the one on record: a program inside
 * has changed it, or the vault was opened by another user's or another home's tazpod.
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
