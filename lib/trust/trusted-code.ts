import { basename, join, resolve } from "node:path";
import { homeFolder } from "../host/paths.js";
import { stat } from "../host/files.js";
import { isInside, readProjectFile } from "../host/project-file.js";
import type { ModuleSource } from "../host/provide-modules.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Filled } from "../recipe/render.js";

/** A project's code that may run on this host, as it was when it was trusted. */
export interface TrustedCode {
  /** The project's folder. */
  readonly root: string;
  /** Scripts, and the modules they import by a relative path, by absolute path. */
  readonly modules: ReadonlyMap<string, ModuleSource>;
  /** Files of the project that commands run or receive: the sha256 of each, hex, by absolute path. */
  readonly programs: ReadonlyMap<string, string>;
}

/** Larger than any committed program. */
const maxProgramBytes = 64 * 1024 * 1024;

/**
 * Returns the paths below `root` that a command's words may refer to, if it is started in `folder`. `except` has the
 * indexes of words to leave out.
 */
export function pathsIn(
  root: string,
  argv: readonly string[],
  except: ReadonlySet<number> = new Set(),
  folder = root,
): readonly string[] {
  const words = argv.flatMap((word, index) => {
    if (except.has(index)) return [];
    // a program without a slash is searched in PATH
    if (index === 0) return word.includes("/") ? [word] : [];
    const value = word.slice(word.indexOf("=") + 1);
    return value === word ? [word] : [word, value];
  });
  const paths = words.filter((word) => word !== "").map((word) => resolve(folder, word));
  return [...new Set(paths)].filter((path) => isInside(root, path));
}

/** A file of the project that a command runs or receives, in its present state. */
export interface Program {
  readonly bytes: Buffer;
  readonly isExecutable: boolean;
}

/** Returns undefined for a folder or a missing file. Failure: `file`. */
export async function readProgram(root: string, path: string): Promise<Result<Program | undefined>> {
  const found = await stat(path);
  if (!found.ok || found.value?.kind !== "file") return ok(undefined);
  const bytes = await readProjectFile(root, path, maxProgramBytes);
  if (!bytes.ok || bytes.value === undefined) return bytes.ok ? ok(undefined) : bytes;
  return ok({ bytes: bytes.value, isExecutable: (found.value.mode & 0o111) !== 0 });
}

/**
 * Checks, right before a command starts, that each file of the project it runs or receives is as it was when trusted. A
 * file that is new since then may be passed if it is plain data, such as the output of an earlier step. What the
 * user has typed on the command line needs no trust. Failures: `untrusted-file`, `file`.
 */
export async function checkCommand(
  { root, programs }: Omit<TrustedCode, "modules">,
  { argv, typed }: Filled,
  folder = root,
): Promise<Result<void>> {
  for (const path of pathsIn(root, argv, typed, folder)) {
    const trusted = programs.get(path);
    const found = await readProgram(root, path);
    if (!found.ok) return found;
    if (found.value === undefined) continue;
    if (trusted === undefined) {
      const isProgram = path === resolve(folder, argv[0] ?? "");
      if (isProgram || mayExecute(argv, path, found.value))
        return fail({ kind: "untrusted-file", file: path, why: "new" });
    } else if ((await sha256(found.value.bytes)) !== trusted)
      return fail({ kind: "untrusted-file", file: path, why: "changed" });
  }
  return ok(undefined);
}

/** Programs that execute their input, by name without a version. */
const interpreters =
  /^(?:(?:ba|da|z|k|a|c|tc|fi|pw|nu|elvi)?sh|busybox|node(?:js)?|deno|bun|tsx|ts-node|zx|npx|python|pypy|uv|ruby|perl|php|lua(?:jit)?|tclsh|expect|java|Rscript|julia|g?make|just|task|[gmn]?awk|sed|env|sudo|doas|su|nice|nohup|setsid|time|timeout|xargs|exec|watch|parallel|ld-linux.*)$/;
/** Files that programs take instructions from. */
const instructionFiles =
  /\.(?:[cm]?[jt]sx?|(?:ba|z|k|fi)?sh|py|rb|pl|php|lua|tcl|ps1|jar|wasm|so|mk|ya?ml|json5?|toml|ini|cfg|conf|env|service|tf|hcl|nix)$|(?:^|\/)(?:Makefile|Dockerfile|Containerfile|justfile)[^/]*$/i;

/** Tells whether a file passed to a command could execute, or instruct the command or the host. */
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
 * Returns PATH without folders that a project could control: those below the project (unless the project is the home
 * folder), `node_modules/.bin` in it and above it (npx and npm add them), and relative ones.
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

/** Keeps programs of a project from being run by their bare name; of a folder that is none yet, those that npx adds. */
export function restrictPath({
  root,
  initialised,
}: {
  readonly root: string;
  readonly initialised: boolean;
}): void {
  const home = homeFolder();
  process.env["PATH"] = searchPath(process.env["PATH"] ?? "", root, initialised ? home : root);
}

/** Returns the sha256, hex. node:crypto is loaded only here, since it takes as long as the rest of a short run. */
export async function sha256(data: string | Uint8Array): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256").update(data).digest("hex");
}
