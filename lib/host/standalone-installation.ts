import { getAsset } from "node:sea";
import { pathToFileURL } from "node:url";
import { provideModules, type ProvidedModules } from "./provide-modules.js";

// Replaces installation.ts in the standalone executable, which is Node with tazpod inside. Where the package runs node,
// the executable runs itself with one of these as the first argument.
export const evaluateWord = "internal:evaluate";
export const zxWord = "internal:zx";

export const packagePath = (name: string): string => `${process.execPath}/${name}`;

export const packageText = (name: string): Promise<string> => Promise.resolve(getAsset(name, "utf8"));

export const evaluateCommand = (program: string): readonly string[] => [
  process.execPath,
  evaluateWord,
  program,
];

/** The executable takes no options of Node. */
export const syntaxCommand: readonly string[] | undefined = undefined;

export const zxCommand = (file: string, modules: string): readonly string[] => [
  process.execPath,
  zxWord,
  modules,
  file,
];

export const providedModules = (own: Omit<ProvidedModules, "names">): ProvidedModules => ({
  ...own,
  names: Object.fromEntries(["tazpod/step", "zx", "zx/core"].map((name) => [name, moduleOf(name)])),
});

export function importFile(file: string, own: Omit<ProvidedModules, "names">): Promise<unknown> {
  // where the modules that stand for zx find it
  // oxlint-disable-next-line no-restricted-imports -- the script asked for all of zx
  Object.assign(globalThis, { [Symbol.for("tazpod.zx")]: () => import("zx") });
  provideModules(() => providedModules(own));
  return import(pathToFileURL(file).href);
}

/** Loads zx's own program, which runs when it is loaded. */
export const loadZxProgram = (): Promise<unknown> => import("zx/cli");

const moduleOf = (name: string): string =>
  `data:text/javascript,${encodeURIComponent(getAsset(`${name}.mjs`, "utf8"))}`;
