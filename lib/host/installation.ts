import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
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

/** The command that reads a module on stdin and prints the place of a mistake in its syntax; it runs nothing of it. */
export const syntaxCommand: readonly string[] | undefined = [
  ...[process.execPath, "--check", "--input-type=module", "-"],
];

/** Returns the command that runs a file as a zx script. `modules` is a JSON file with what the script may import. */
export const zxCommand = (file: string, modules: string): readonly string[] => [
  process.execPath,
  "--import",
  `data:text/javascript,${encodeURIComponent(providingProgram(modules))}`,
  zxFile("cli"),
  file,
];

/** Returns the file of an ES module of zx: they are in the folder of what require() finds. */
function zxFile(name: string): string {
  const found = createRequire(packagePath("package.json")).resolve("zx");
  return join(dirname(found), `${name}.js`);
}

/** Adds the modules that tazpod provides to those that a project's scripts may import. */
export const providedModules = (own: Omit<ProvidedModules, "names">): ProvidedModules => ({
  ...own,
  names: {
    "tazpod/step": pathToFileURL(packagePath("dist/bin/step.mjs")).href,
    zx: pathToFileURL(zxFile("index")).href,
    "zx/core": pathToFileURL(zxFile("core")).href,
  },
});

/** Imports a module of a project from the trusted sources in `own`. */
export function importFile(file: string, own: Omit<ProvidedModules, "names">): Promise<unknown> {
  provideModules(() => providedModules(own));
  return import(pathToFileURL(file).href);
}
