import { rmSync } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { fail, type Result } from "../failure/result.js";
import { attempt } from "./file-failure.js";
import { foreground } from "./foreground.js";
import type { ProcessOptions } from "./process.js";
import { runtimeFolder } from "./runtime-folder.js";
import { removeLeftovers, tempPath } from "./temp-file.js";

/** What to edit, and with which program. */
interface EditRequest extends Pick<ProcessOptions, "signal" | "graceMs"> {
  /** The name that the editor sees. */
  readonly name: string;
  readonly content: Buffer;
  /** The editor and its arguments; the file's path is added. */
  readonly editor: readonly string[];
}

/**
 * Lets an editor change a file in a private folder in RAM, and returns the new content, which the caller wipes. The
 * folder is removed at the end of this process at the latest; one of a killed process by the next call. Failures: those
 * of `runtimeFolder` and `foreground`, `command-failed` if the editor reports an error, and `file`.
 */
export async function editInRam({ name, content, editor, ...options }: EditRequest): Promise<Result<Buffer>> {
  const top = await runtimeFolder("edit");
  if (!top.ok) return top;
  await removeLeftovers(top.value);
  const folder = tempPath(top.value, "edit");
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.on("exit", remove);
  try {
    const path = join(folder, name);
    const written = await attempt("write", path, async () => {
      await fs.mkdir(folder, { mode: 0o700 });
      await fs.writeFile(path, content, { mode: 0o600, flag: "wx" });
    });
    if (!written.ok) return written;
    const argv = [...editor, ...(await vimOptions(editor)), path];
    const done = await foreground(argv, options);
    if (!done.ok) return done;
    const { code, signal } = done.value;
    if (code !== 0)
      return fail({ kind: "command-failed", command: editor, code, signal, detail: "nothing was changed." });
    const isFile = await attempt("read", path, async () => (await fs.lstat(path)).isFile());
    if (!isFile.ok) return isFile;
    if (!isFile.value)
      return fail({
        kind: "file",
        action: "read",
        path,
        code: "EINVAL",
        detail: "the editor left no file there",
      });
    return await attempt("read", path, () => fs.readFile(path));
  } finally {
    remove();
    process.off("exit", remove);
  }
}

/**
 * Returns the options that keep vim's copies in the file's folder, whatever its settings say: no swap file, no viminfo or
 * shada, no undo file, a backup only there and only while it writes. A missing newline at the end stays missing. Empty
 * for any other editor.
 */
async function vimOptions([program = ""]: readonly string[]): Promise<readonly string[]> {
  const folders = program.includes("/") ? [""] : (process.env["PATH"] ?? "").split(delimiter);
  for (const folder of folders) {
    const found = await fs.realpath(join(folder, program)).catch(() => undefined);
    if (found === undefined) continue;
    if (!/^(n|g|m)?vim(\.|$)/.test(basename(found))) return [];
    const settings = ["nobackup", "writebackup", "backupdir=.", "noundofile", "nofixendofline"];
    return ["-n", "-i", "NONE", "-c", settings.map((one) => `silent! set ${one}`).join(" | ")];
  }
  return [];
}
