import { join, resolve } from "node:path";
import { stat } from "../host/files.js";
import { isBelow, readProjectFile } from "../host/project-file.js";
import type { ModuleSource } from "../host/provide-modules.js";
import { fail, ok, type Result } from "../result.js";

/** The code of a project that may run on this host, as it was when that was settled. */
export interface TrustedCode {
  /** The project's folder. */
  readonly root: string;
  /** Scripts, and the modules that they import by a relative path, by their absolute paths. */
  readonly modules: ReadonlyMap<string, ModuleSource>;
  /** Files of the project that a command is, or is given: the sha256 in hex of each, by its absolute path. */
  readonly programs: ReadonlyMap<string, string>;
}

/** What is larger is no program that anybody commits. */
const mostProgramBytes = 64 * 1024 * 1024;

/** The paths below `root` that the words of a command may mean, when it is started there. */
export function pathsIn(root: string, argv: readonly string[]): readonly string[] {
  const words = argv.flatMap((word, index) => {
    // without a slash a program is looked for in PATH
    if (index === 0) return word.includes("/") ? [word] : [];
    const value = word.slice(word.indexOf("=") + 1);
    return value === word ? [word] : [word, value];
  });
  const paths = words.filter((word) => word !== "").map((word) => resolve(root, word));
  return [...new Set(paths)].filter((path) => isBelow(root, path));
}

/** The bytes of such a path where a file is there now; undefined for a folder and for nothing. Failure: `file`. */
export async function readProgram(root: string, path: string): Promise<Result<Buffer | undefined>> {
  const found = await stat(path);
  if (!found.ok || found.value?.kind !== "file") return ok(undefined);
  return readProjectFile(root, path, mostProgramBytes);
}

/**
 * Looks, right before a command is started, at each file of the project that it is or is given: it has to be as it was
 * when it was trusted. Failures: `untrusted-file`, `file`.
 */
export async function checkCommand(
  { root, programs }: Omit<TrustedCode, "modules">,
  argv: readonly string[],
): Promise<Result<void>> {
  for (const path of pathsIn(root, argv)) {
    const trusted = programs.get(path);
    const bytes = await readProgram(root, path);
    if (!bytes.ok) return bytes;
    if (bytes.value === undefined) {
      if (trusted !== undefined) return fail({ kind: "untrusted-file", file: path, why: "gone" });
    } else if (trusted === undefined) return fail({ kind: "untrusted-file", file: path, why: "new" });
    else if ((await sha256(bytes.value)) !== trusted)
      return fail({ kind: "untrusted-file", file: path, why: "changed" });
  }
  return ok(undefined);
}

/**
 * PATH without what a project could put there: folders below its own, but for a home that is the project, `node_modules/.bin`
 * of it and of the folders above it (npx and npm add them), and relative ones, which mean the folder a program is started in.
 */
export function searchPath(path: string, root: string, home: string): string {
  return path
    .split(":")
    .filter((entry) => entry.startsWith("/"))
    .filter((entry) => {
      const folder = resolve(entry);
      if (folder.endsWith("/node_modules/.bin"))
        return !isBelow(resolve(folder, "../.."), join(root, "x")) && !isBelow(root, folder);
      return home === root || isBelow(root, home) || !(folder === root || isBelow(root, folder));
    })
    .join(":");
}

/** Loaded by those runs only that have to: it takes as long as all else that a short one does. */
export async function sha256(data: string | Uint8Array): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256").update(data).digest("hex");
}
