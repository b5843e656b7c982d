import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readText } from "./files.js";
import { packageRoot } from "./package-root.js";
import { provideModules, type ProvidedModules, providingProgram } from "./provide-modules.js";

// What depends on how tazpod is installed. This file is for the npm package; for the standalone executable,
// scripts/standalone.mjs replaces it by standalone-installation.ts, which has the same exports.

/** Returns the path of a file of the package, for messages. */
export const packagePath = (name: string): string => join(packageRoot, name);

/** Returns the text of a file of the package. */
export async function packageText(name: string): Promise<string> {
  const text = await readText(packagePath(name));
  if (!text.ok || text.value === undefined) throw new Error(`the package lacks ${packagePath(name)}`);
  return text.value;
}

/** Returns the command that runs JavaScript code in a new process; later arguments are its `process.argv.slice(1)`. */
export const evaluateCommand = (program: string): readonly string[] => [process.execPath, "-e", program];

/** Returns the command that runs a file as a zx script. `modules` is a JSON file with what the script may import. */
export const zxCommand = (file: string, modules: string): readonly string[] => [
  process.execPath,
  "--import",
  `data:text/javascript,${encodeURIComponent(providingProgram(modules))}`,
  fileURLToPath(import.meta.resolve("zx/cli")),
  file,
];

/** Adds the modules that tazpod provides to those that a project's scripts may import. */
export const providedModules = (own: Omit<ProvidedModules, "names">): ProvidedModules => ({
  ...own,
  names: {
    "tazpod/step": pathToFileURL(packagePath("dist/bin/step.js")).href,
    zx: import.meta.resolve("zx"),
    "zx/core": import.meta.resolve("zx/core"),
  },
});

/** Imports a module of a project from the trusted sources in `own`. */
export function importFile(file: string, own: Omit<ProvidedModules, "names">): Promise<unknown> {
  provideModules(() => providedModules(own));
  return import(pathToFileURL(file).href);
}
