import { Readable } from "node:stream";
import { isMarkedUnsaved } from "../../secrets-folder/open-record.js";
import { fail, ok, type Result, settle } from "../../failure/result.js";
import { printResult, resultsOnTerminal, sendData } from "../../host/screen.js";
import { formatBytes } from "../../host/human.js";
import { readLocalFile } from "../../session/change-vault.js";
import { noSuchFile, vaultPath } from "../../vault/vault-path.js";
import type { VaultCommand } from "./vault-command.js";

/** `tazpod vault cat PATH`: writes one file of the sealed vault to stdout, after the whole vault was read and verified. */
export async function cat({ context, words: [typed = ""] }: VaultCommand): Promise<Result<void>> {
  const path = vaultPath(typed);
  if (!path.ok) return path;
  const read = await readLocalFile(context, path.value);
  if (!read.ok) return read;
  const { inspected, line, content } = read.value;
  if (line === undefined) return noSuchFile(inspected.summary.entries, path.value);
  if (await isMarkedUnsaved(context.project.vaultFolder))
    context.terminal.print("The open vault has unsaved changes; this is the file as it was saved last.");
  if (resultsOnTerminal()) return show(path.value, content);
  return settle(() => sendData(Readable.from([content])));
}

function show(path: string, content: Buffer): Result<void> {
  const text = content.toString("utf8");
  if (text.includes("\0") || !Buffer.from(text).equals(content))
    return fail({
      kind: "usage",
      message: `${JSON.stringify(path)} is not a text (${formatBytes(content.length)}), so it is not written to a terminal.`,
      hint: `Use a pipe, such as \`tazpod vault cat PATH | xxd\`.`,
    });
  if (text !== "") printResult(text.replace(/\n$/, ""));
  return ok(undefined);
}
