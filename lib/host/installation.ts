import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readText } from "./files.js";
import { packageRoot } from "./package-root.js";
import { provideModules, type ProvidedModules, providingProgram } from "./provide-modules.js";

// What depends on how tazpod was installed. Here it is a package of files that node runs; in the standalone executable,
// scripts/standalone.mjs puts standalone.ts, which has the same exports, in place of this file.

/** The path of a file of the package, for messages. */
export const packagePath = (name: string): string => join(packageRoot, name);

/** The text of a file of the package. */
export async function packageText(name: string): Promise<string> {
  const text = await readText(packagePath(name));
  if (!text.ok || text.value === undefined) throw new Error(`the package lacks ${packagePath(name)}`);
  return text.value;
}

/** The command that evaluates JavaScript in a new process, with what follows as its `process.argv.slice(1)`. */
export const evaluateCommand = (program: string): readonly string[] => [process.execPath, "-e", program];

/** The command that runs a file as a zx script; what it may import is in the file `modules`, as JSON. */
export const zxCommand = (file: string, modules: string): readonly string[] => [
  process.execPath,
  "--import",
  `data:text/javascript,${encodeURIComponent(providingProgram(modules))}`,
  fileURLToPath(import.meta.resolve("zx/cli")),
  file,
];

/** What scripts of a project may import, with the names that tazpod gives. */
export const providedModules = (own: Omit<ProvidedModules, "names">): ProvidedModules => ({
  ...own,
  names: {
    "tazpod/step": pathToFileURL(packagePath("dist/bin/step.js")).href,
    zx: import.meta.resolve("zx"),
    "zx/core": import.meta.resolve("zx/core"),
  },
});

/** Imports a module of a project, as it is among `own`. */
export function importFile(file: string, own: Omit<ProvidedModules, "names">): Promise<unknown> {
  provideModules(() => providedModules(own));
  return import(pathToFileURL(file).href);
}
