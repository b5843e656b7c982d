import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ModuleFormat, ModuleSource } from "../host/provide-modules.js";
import type { ProjectFiles } from "../project/project-files.js";
import { fail, ok, type Result } from "../failure/result.js";

/** The modules of a project's scripts. */
export interface ScriptModules {
  /** The scripts and the modules they import by a relative path, by absolute path. */
  readonly modules: ReadonlyMap<string, ModuleSource>;
  /** Names of imported packages, sorted. */
  readonly packages: readonly string[];
}

/** Modules that tazpod and Node provide. */
const provided = /^(?:node:.*|tazpod\/step|zx|zx\/core)$/;

/**
 * Reads scripts of a project and every module they import by a relative path. Computed import() calls and require() are
 * not found; such imports are refused when they run. Failure: `file`.
 */
export async function readModules(
  scripts: readonly string[],
  files: ProjectFiles,
): Promise<Result<ScriptModules>> {
  const modules = new Map<string, ModuleSource>();
  const packages = new Set<string>();
  if (scripts.length === 0) return ok({ modules, packages: [] });
  const { builtinModules } = process.getBuiltinModule("node:module");
  const waiting = [...scripts];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (modules.has(path)) continue;
    const bytes = await files.bytes(path);
    if (!bytes.ok) return bytes;
    if (bytes.value === undefined) {
      if (scripts.includes(path)) return fail({ kind: "untrusted-file", file: path, why: "gone" });
      continue;
    }
    const source = bytes.value.toString();
    const { imports, isModule } = await findImports(source, path);
    modules.set(path, { source, format: formatOf(path, isModule) });
    for (const name of imports) {
      if (/^(?:\.{0,2}\/|file:)/.test(name)) {
        const target = pathFrom(name, path);
        if (target !== undefined) waiting.push(target);
      } else if (!provided.test(name) && !builtinModules.includes(name)) packages.add(name);
    }
  }
  return ok({ modules, packages: [...packages].toSorted() });
}

async function findImports(
  source: string,
  path: string,
): Promise<{ readonly imports: readonly string[]; readonly isModule: boolean }> {
  if (!/\.[cm]?[jt]s$/.test(path)) return { imports: [], isModule: false };
  const { init, parse } = await import("es-module-lexer");
  await init();
  try {
    const [imports, , , isModule] = parse(source);
    const names = imports.flatMap((one) =>
      one.type === "import-meta" || (one.type === "dynamic" && one.glob) ? [] : [one.specifier ?? []].flat(),
    );
    return { imports: names, isModule };
  } catch {
    // not JavaScript; Node will report it
    return { imports: [], isModule: true };
  }
}

function pathFrom(name: string, from: string): string | undefined {
  try {
    return fileURLToPath(new URL(name, pathToFileURL(from)));
  } catch {
    return undefined;
  }
}

function formatOf(path: string, isModule: boolean): ModuleFormat {
  const extension = extname(path);
  if (extension === ".json") return "json";
  const kind = /^\.m|^\.c/.test(extension) ? extension[1] === "m" : isModule;
  const format = kind ? "module" : "commonjs";
  return extension.endsWith("ts") ? `${format}-typescript` : format;
}
