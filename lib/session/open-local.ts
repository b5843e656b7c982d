import { explain } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { fail, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { opensReplaced, revertArrival } from "../vault/arrival.js";
import type { RefusedRecord } from "../vault/vault-state.js";
import type { StepContext } from "./step.js";

/**
 * Opens the local vault with `open`, which uses this passphrase. A vault that was pulled and turns out to be damaged, or
 * not to descend from the one it replaced, is given up: that one comes back, and is opened instead. Failures: those of
 * `open`.
 */
export async function openLocal<T>(
  { project, terminal }: StepContext,
  open: () => Promise<Result<T>>,
  passphrase: Secret,
): Promise<Result<T>> {
  const opened = await open();
  if (opened.ok) return opened;
  const { failure } = opened;
  if (failure.kind === "wrong-passphrase") {
    const isOld = await opensReplaced(project.vaultFolder, passphrase);
    return isOld ? fail({ ...failure, isOld }) : opened;
  }
  const why = refusalOf(failure);
  if (why === undefined) return opened;
  const reverted = await revertArrival(project.vaultFolder, why);
  if (!reverted.ok) return reverted;
  if (!reverted.value) return opened;
  const hint = why === "diverged" ? ["`tazpod merge` merges both."] : [];
  terminal.warn(
    [explain(failure).message, "The vault from before the pull is back and is used instead.", ...hint].join(
      " ",
    ),
  );
  return open();
}

/** Returns why a vault that was opened is refused; undefined for a failure that is not about its content. */
export function refusalOf({ kind }: Failure): RefusedRecord["why"] | undefined {
  switch (kind) {
    case "vault-damaged":
    case "vault-format":
    case "archive-refused":
      return "damaged";
    case "conflict":
      return "diverged";
    default:
      return undefined;
  }
}
