import { dirname, isAbsolute, join, resolve } from "node:path";
import { currentFolder } from "../host/paths.js";
import { realPath, stat } from "../host/files.js";
import { pathExists } from "../host/project-file.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";

/** The name of the local settings of this host, next to config.yaml. */
export const localConfigName = "config.local.yaml";

/**
 * Finds the project's folder: the nearest folder from `from` upwards with a .tazpod/config.yaml, links resolved, or
 * `from` itself if there is none. Failure: `file` if `from` is not a folder, or the config is named .yml.
 */
export async function findRoot(
  from: string,
): Promise<Result<{ readonly root: string; readonly initialised: boolean }>> {
  const start = await realPath(resolve(from));
  if (!start.ok) return start;
  const found = start.value === undefined ? undefined : await stat(start.value);
  if (found && !found.ok) return found;
  if (start.value === undefined || found?.value?.kind !== "folder") {
    return fail({
      kind: "file",
      action: "find a project in",
      path: from,
      code: "ENOTDIR",
      detail: found?.value === undefined ? "the folder does not exist" : "it is not a folder",
    });
  }
  for (let folder = start.value; ; folder = dirname(folder)) {
    // of any type: an unreadable config is reported later, not ignored
    const config = join(folder, ".tazpod", "config.yaml");
    if (await pathExists(config)) return ok({ root: folder, initialised: true });
    const misnamed = join(folder, ".tazpod", "config.yml");
    if (await pathExists(misnamed)) return fail(misnamedFile(misnamed, "config.yaml"));
    if (folder === dirname(folder)) return ok({ root: start.value, initialised: false });
  }
}

/** Returns the failure of a file named .yml, which would otherwise be ignored silently. */
export function misnamedFile(path: string, name: string): Failure {
  return {
    kind: "file",
    action: "use",
    path,
    code: "EINVAL",
    detail: `tazpod only reads ${name}; rename it to ${name}, or remove it`,
  };
}

/**
 * Returns the folder where the search for the project starts, absolute: `given`, or the current folder. Failure: `file`
 * if that was removed.
 */
export function startFolder(given?: string): Result<string> {
  const here = currentFolder();
  if (here !== undefined) return ok(resolve(here, given ?? "."));
  if (given !== undefined && isAbsolute(given)) return ok(given);
  const gone = given === undefined ? "it was removed" : "the current folder was removed";
  return fail({
    kind: "file",
    action: "find a project in",
    path: given ?? "the current folder",
    code: "ENOENT",
    detail: `${gone}; change to an existing folder, or give --project an absolute path`,
  });
}
