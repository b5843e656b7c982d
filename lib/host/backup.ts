import { ok, type Result } from "../failure/result.js";
import { linkOrCopy } from "./files.js";

/** Gives a file a second name, the first free one of .bak-1, .bak-2, …; none is ever overwritten. Gives that name. */
export async function keepBackup(path: string): Promise<Result<string>> {
  for (let number = 1; ; number++) {
    const backup = `${path}.bak-${number}`;
    const kept = await linkOrCopy(path, backup);
    if (kept.ok) return ok(backup);
    if (kept.failure.kind !== "file" || kept.failure.code !== "EEXIST") return kept;
  }
}
