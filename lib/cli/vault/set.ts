import { fail, ok, type Result } from "../../failure/result.js";
import { formatBytes } from "../../host/human.js";
import { inputIsTerminal, readInput, secretsFromControllingTerminal } from "../../host/standard-input.js";
import { changeVault } from "../../session/change-vault.js";
import type { StepContext } from "../../session/step.js";
import { archiveLimit } from "../../vault/archive/entry-policy.js";
import { vaultPath } from "../../vault/vault-path.js";
import { reportChange } from "./report-change.js";
import type { VaultCommand } from "./vault-command.js";

/** `tazpod vault set PATH`: stores stdin, or a value typed without echo, as a file of the vault. */
export async function set({
  context: given,
  words: [typed = ""],
  json,
}: VaultCommand): Promise<Result<void>> {
  const path = vaultPath(typed);
  if (!path.ok) return path;
  const content = await readValue(given, path.value);
  if (!content.ok) return content;
  const context = { ...given, terminal: secretsFromControllingTerminal(given.terminal) };
  try {
    const changed = await changeVault(context, { path: path.value, content: content.value });
    return changed.ok ? reportChange(context, path.value, changed.value, json) : changed;
  } finally {
    content.value.fill(0);
  }
}

async function readValue(
  { terminal, project, options, signal }: StepContext,
  path: string,
): Promise<Result<Buffer>> {
  const empty = (hint: string): Result<never> =>
    fail({
      kind: "usage",
      message: `The value for ${JSON.stringify(path)} is empty, so nothing was changed.`,
      hint,
    });
  if (!inputIsTerminal()) {
    const limit = archiveLimit(project.config.secretsBytes);
    const read = await readInput(limit, signal);
    if (!read.ok && read.failure.kind === "file" && read.failure.code === "EFBIG")
      return fail({
        kind: "usage",
        message: `The value is larger than a vault of this size can be (${formatBytes(limit)}), so nothing was changed.`,
        hint: "Raise vault.size in .tazpod/config.yaml.",
      });
    if (!read.ok || read.value.length > 0 || options.force) return read;
    return empty("A command before the pipe may have failed. --force stores an empty file.");
  }
  const question = `Value of ${path}:`;
  if (!terminal.interactive) return fail({ kind: "answer-needed", question, flag: "a pipe" });
  const answer = await terminal.secret(question, signal);
  if (!answer.ok) return answer;
  const content = answer.value.use((bytes) => Buffer.from(bytes));
  answer.value.wipe();
  return content.length > 0 || options.force ? ok(content) : empty("--force stores an empty file.");
}
