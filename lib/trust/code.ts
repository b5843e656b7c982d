import { basename, join, resolve } from "node:path";
import { stat } from "../host/files.js";
import { isInside, readProjectFile } from "../host/project-file.js";
import type { ModuleSource } from "../host/provide-modules.js";
import { fail, ok, type Result } from "../failure/result.js";

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
const maxProgramBytes = 64 * 1024 * 1024;

/** The paths below `root` that the words of a command may mean, when it is started there. */
export function pathsIn(root: string, argv: readonly string[]): readonly string[] {
  const words = argv.flatMap((word, index) => {
    // without a slash a program is looked for in PATH
    if (index === 0) return word.includes("/") ? [word] : [];
    const value = word.slice(word.indexOf("=") + 1);
    return value === word ? [word] : [word, value];
  });
  const paths = words.filter((word) => word !== "").map((word) => resolve(root, word));
  return [...new Set(paths)].filter((path) => isInside(root, path));
}

/** A file of the project that a command is or is given, as it is now. */
export interface Program {
  readonly bytes: Buffer;
  readonly isExecutable: boolean;
}

/** Undefined for a folder and for nothing. Failure: `file`. */
export async function readProgram(root: string, path: string): Promise<Result<Program | undefined>> {
  const found = await stat(path);
  if (!found.ok || found.value?.kind !== "file") return ok(undefined);
  const bytes = await readProjectFile(root, path, maxProgramBytes);
  if (!bytes.ok || bytes.value === undefined) return bytes.ok ? ok(undefined) : bytes;
  return ok({ bytes: bytes.value, isExecutable: (found.value.mode & 0o111) !== 0 });
}

/**
 * Looks, right before a command is started, at each file of the project that it is or is given: it has to be as it was
 * when it was trusted. One that was not there then may be given if it is mere data, such as what an earlier step made.
 * Failures: `untrusted-file`, `file`.
 */
export async function checkCommand(
  { root, programs }: Omit<TrustedCode, "modules">,
  argv: readonly string[],
): Promise<Result<void>> {
  for (const path of pathsIn(root, argv)) {
    const trusted = programs.get(path);
    const found = await readProgram(root, path);
    if (!found.ok) return found;
    if (found.value === undefined) continue;
    if (trusted === undefined) {
      const isProgram = path === resolve(root, argv[0] ?? "");
      if (isProgram || mayExecute(argv, path, found.value))
        return fail({ kind: "untrusted-file", file: path, why: "new" });
    } else if ((await sha256(found.value.bytes)) !== trusted)
      return fail({ kind: "untrusted-file", file: path, why: "changed" });
  }
  return ok(undefined);
}

/** Programs that run what they are given, by their names without a version. */
const interpreters =
  /^(?:(?:ba|da|z|k|a|c|tc|fi|pw|nu|elvi)?sh|busybox|node(?:js)?|deno|bun|tsx|ts-node|zx|npx|python|pypy|uv|ruby|perl|php|lua(?:jit)?|tclsh|expect|java|Rscript|julia|g?make|just|task|[gmn]?awk|sed|env|sudo|doas|su|nice|nohup|setsid|time|timeout|xargs|exec|watch|parallel|ld-linux.*)$/;
/** What programs take orders from. */
const instructionFiles =
  /\.(?:[cm]?[jt]sx?|(?:ba|z|k|fi)?sh|py|rb|pl|php|lua|tcl|ps1|jar|wasm|so|mk|ya?ml|json5?|toml|ini|cfg|conf|env|service|tf|hcl|nix)$|(?:^|\/)(?:Makefile|Dockerfile|Containerfile|justfile)[^/]*$/i;

/** Whether a file that a command is given may tell it, or the host, what to do. */
function mayExecute(argv: readonly string[], path: string, { bytes, isExecutable }: Program): boolean {
  const program = basename(argv[0] ?? "").replace(/[\d.]+$/, "");
  const head = bytes.subarray(0, 4).toString("latin1");
  return (
    isExecutable ||
    head.startsWith("#!") ||
    head === "\u007fELF" ||
    interpreters.test(program) ||
    instructionFiles.test(path)
  );
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
        return !isInside(resolve(folder, "../.."), join(root, "x")) && !isInside(root, folder);
      return home === root || isInside(root, home) || !(folder === root || isInside(root, folder));
    })
    .join(":");
}

/** Loaded by those runs only that have to: it takes as long as all else that a short one does. */
export async function sha256(data: string | Uint8Array): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256").update(data).digest("hex");
}
