import { basename } from "node:path";
import { failureText } from "../../failure/explain.js";
import { ok, type Result } from "../../failure/result.js";
import { editInRam } from "../../host/edit-in-ram.js";
import { changeVault, readFileToChange } from "../../session/change-vault.js";
import type { StepContext } from "../../session/step.js";
import type { ChangedVault } from "../../vault/change-file.js";
import type { FileOfVault } from "../../vault/inspect-vault.js";
import { splitCommand } from "../../vault/split-command.js";
import { vaultPath } from "../../vault/vault-path.js";
import { reportChange } from "./report-change.js";
import type { VaultCommand } from "./vault-command.js";

/** `tazpod vault edit PATH`: changes a file of the vault, or makes one, with the user's editor and in RAM only. */
export async function edit({ context, words: [typed = ""], json }: VaultCommand): Promise<Result<void>> {
  const path = vaultPath(typed);
  if (!path.ok) return path;
  const editor = editorCommand();
  if (!editor.ok) return editor;
  const before = await readFileToChange(context, path.value);
  if (!before.ok) return before;
  const { terminal, signal, graceMs } = context;
  const { content } = before.value;
  const name = basename(path.value);
  const edited = await terminal.handOver(() =>
    editInRam({ ...{ name, content, signal, graceMs }, editor: editor.value }),
  );
  if (!edited.ok) return edited;
  const isSame = edited.value.equals(content);
  content.fill(0);
  if (isSame) return reportChange(context, path.value, undefined, json);
  try {
    const changed = await saveEdited(context, path.value, before.value, edited.value);
    return changed.ok ? reportChange(context, path.value, changed.value, json) : changed;
  } finally {
    edited.value.fill(0);
  }
}

/** Saves the edited text. It is nowhere else, so a failure can be mended, such as a full disk, and saving repeated. */
async function saveEdited(
  context: StepContext,
  path: string,
  { line }: FileOfVault,
  content: Buffer,
): Promise<Result<ChangedVault>> {
  const { terminal, signal } = context;
  for (;;) {
    const changed = await changeVault(context, { path, content }, { line });
    if (changed.ok || changed.failure.kind === "conflict" || !terminal.interactive) return changed;
    terminal.warn(failureText(changed.failure));
    const again = await terminal.confirm(
      "The change is not saved. Try again? If not, it is lost.",
      true,
      signal,
    );
    if (!again.ok || !again.value) return changed;
  }
}

/** Returns the user's editor and its arguments: $VISUAL, $EDITOR or vi. Failure: `usage`. */
function editorCommand(): Result<readonly string[]> {
  for (const name of ["VISUAL", "EDITOR"]) {
    const command = process.env[name]?.trim();
    if (command !== undefined && command !== "") return splitCommand(command, `$${name}`);
  }
  return ok(["vi"]);
}
