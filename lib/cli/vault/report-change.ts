import { ok, type Result } from "../../failure/result.js";
import { printable } from "../../host/printable.js";
import { formatBytes } from "../../host/human.js";
import { printJson } from "../../host/screen.js";
import type { StepContext } from "../../session/step.js";
import type { ChangedVault } from "../../vault/change-file.js";

/** Prints what happened to a path of the vault, in one line; without a change or a new vault, that nothing did. */
export function reportChange(
  { terminal, project }: StepContext,
  path: string,
  changed: ChangedVault | undefined,
  json: boolean,
): Result<void> {
  if (changed?.sealed === undefined) {
    if (json) printJson({ outcome: "done", path, change: "none" });
    else terminal.print("Nothing was changed.");
    return ok(undefined);
  }
  const { opened, before, sealed } = changed;
  const after = sealed.summary.entries.find(({ entry }) => entry.path === path)?.entry;
  const change = after === undefined ? "removed" : before === undefined ? "added" : "changed";
  const dropped = opened.summary.dropped;
  if (json) {
    printJson({ outcome: "done", path, change, bytes: after?.size, dropped });
    return ok(undefined);
  }
  if (dropped.length > 0) terminal.print(`Left out: ${dropped.map(printable).join(", ")}`);
  const size = after === undefined ? "" : `, ${formatBytes(after.size)}`;
  const push = project.config.remote.url === "none" ? "" : ". `tazpod push` uploads it.";
  terminal.print(`✔ Vault saved: ${printable(path)} ${change}${size}${push}`);
  return ok(undefined);
}
