import { fail, ok, type Result } from "../../failure/result.js";
import { printable } from "../../host/printable.js";
import { changeVault } from "../../session/change-vault.js";
import type { StepContext } from "../../session/step.js";
import type { DigestLine } from "../../vault/archive/manifest.js";
import { pathsAt } from "../../vault/change-file.js";
import { findEntry, noSuchFile, vaultPath } from "../../vault/vault-path.js";
import { reportChange } from "./report-change.js";
import { inspectLocalVault, type VaultCommand } from "./vault-command.js";

/** `tazpod vault rm PATH`: removes a file or a link from the vault, or with --force a folder with everything in it. */
export async function rm({ context, words: [typed = ""], json }: VaultCommand): Promise<Result<void>> {
  const path = vaultPath(typed.replace(/(?<=[^/])\/+$/, ""));
  if (!path.ok) return path;
  const inspected = await inspectLocalVault(context);
  if (!inspected.ok) return inspected;
  const agreed = await confirmRemoval(context, path.value, inspected.value.summary.entries);
  if (!agreed.ok) return agreed;
  const changed = await changeVault(context, { path: path.value, content: undefined });
  return changed.ok ? reportChange(context, path.value, changed.value, json) : changed;
}

async function confirmRemoval(
  { terminal, options, signal }: StepContext,
  path: string,
  entries: readonly DigestLine[],
): Promise<Result<void>> {
  const found = findEntry(entries, path);
  if (!found.ok) return found;
  if (found.value === undefined) return noSuchFile(entries, path);
  const below = pathsAt(entries, path).length - 1;
  if (below > 0 && !options.force)
    return fail({
      kind: "usage",
      message: `${JSON.stringify(path)} in the vault is a folder with ${below} ${below === 1 ? "entry" : "entries"}, so it was not removed.`,
      hint: "--force removes it with everything in it.",
    });
  if (options.yes === "all") return ok(undefined);
  const what = below > 0 ? `the folder ${printable(path)} and the ${below} entries in it` : printable(path);
  const question = `Remove ${what} from the vault?`;
  if (!terminal.interactive) return fail({ kind: "answer-needed", question, flag: "--yes" });
  const answer = await terminal.confirm(question, false, signal);
  if (!answer.ok) return answer;
  return answer.value ? ok(undefined) : fail({ kind: "declined", question });
}
