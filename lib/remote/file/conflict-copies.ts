import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { list } from "../../host/files.js";
import { ok, type Result } from "../../failure/result.js";

/** In the names of versions that Syncthing, Dropbox, Nextcloud and Resilio set aside when two hosts wrote a file. */
const setAside = /sync-conflict-\d|conflicted copy|\bconflict\b/i;

/**
 * Returns the names of other versions of a vault that a sync program left next to it. The one that it kept has not what
 * those hosts pushed.
 */
export async function conflictCopies(url: string): Promise<Result<readonly string[]>> {
  const path = fileURLToPath(url);
  const [name, [stem = ""]] = [basename(path), basename(path).split(".")];
  const found = await list(dirname(path));
  if (!found.ok) return found;
  return ok(found.value.filter((other) => other !== name && other.startsWith(stem) && setAside.test(other)));
}
