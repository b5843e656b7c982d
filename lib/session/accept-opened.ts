import { utc } from "../failure/utc.js";
import { ok, type Result } from "../failure/result.js";
import { checkDescent, settleArrival } from "../vault/arrival.js";
import { checkNotOlder, type OpenedFile, recordNewest } from "../vault/rollback-check.js";
import type { StepContext } from "./step.js";

/**
 * Decides whether this host uses a vault that it has opened: not one older than it has seen, nor a pulled one that does
 * not descend from the one before; --force accepts both. Failures: `vault-rollback`, `conflict`.
 */
export async function acceptOpened(
  { project, options }: StepContext,
  opened: OpenedFile,
): Promise<Result<void>> {
  if (options.force) return ok(undefined);
  const newer = await checkNotOlder(project.vaultFolder, project.vaultFile, opened);
  return newer.ok ? checkDescent(project.vaultFolder, opened) : newer;
}

/** Records the opened vault. Reports who sealed it when it is the first on this host, with nothing to compare it to. */
export async function recordOpening({ project, terminal }: StepContext, opened: OpenedFile): Promise<void> {
  const isFirst = await recordNewest(project.vaultFolder, opened);
  const kept = await settleArrival(project.vaultFolder, opened);
  if (kept.ok && kept.value !== undefined)
    terminal.warn(
      `Nothing shows that the pulled vault descends from the one before, which is kept as ${kept.value}.`,
    );
  const { manifest } = opened;
  if (!isFirst.ok || !isFirst.value || manifest === undefined) return;
  terminal.print(
    `First opened on this host: sealed by ${manifest.host} on ${utc(manifest.time)}, generation ${manifest.generation}.`,
  );
}
