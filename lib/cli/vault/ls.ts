import { ok, type Result } from "../../result.js";
import { bytesOf } from "../../run/bytes.js";
import { inspected, noWords, print, type VaultCommand } from "./types.js";

/** `tazpod vault ls`: what is in the sealed vault, by name, size and time; no content. */
export async function ls(command: VaultCommand): Promise<Result<void>> {
  const sensible = noWords(command, "ls");
  if (!sensible.ok) return sensible;
  const found = await inspected(command.context);
  if (!found.ok) return found;
  const { format, summary } = found.value;
  if (command.json) {
    const { generation, host, time } = summary.manifest ?? {};
    const entries = summary.entries.map(({ entry, sha256 }) => ({
      ...entry,
      mode: entry.mode.toString(8).padStart(3, "0"),
      ...(entry.type === "file" ? { sha256 } : {}),
    }));
    print(JSON.stringify({ format, generation, host, time, entries }));
    return ok(undefined);
  }
  for (const { entry } of summary.entries) {
    const size = entry.type === "file" ? bytesOf(entry.size) : "";
    const time = new Date(entry.mtime * 1000).toISOString().slice(0, 16).replace("T", " ");
    const end =
      entry.type === "directory" ? "/" : entry.type === "link" ? ` -> ${shown(entry.target ?? "")}` : "";
    print(`${size.padStart(10)}  ${time}  ${shown(entry.path)}${end}`);
  }
  return ok(undefined);
}

/** Without what a terminal would take for a command. */
function shown(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}
