import { getRawAsset } from "node:sea";
import { constants, Script } from "node:vm";
import { type CodeKey, compiledScript } from "../host/compiled-code.js";
import { exitCodeAfterOutput, printHelp } from "../host/screen.js";
import { codeName } from "./commands.js";
import { generalHelp } from "./help.js";

// The standalone executable starts here (scripts/standalone.mjs); the package starts in bin.ts. Only this file is
// always loaded: the program and its libraries are separate scripts.

/** The SHA-256 of the program, in hex; set by scripts/standalone.mjs. */
declare const programHash: string;

type Modules = Readonly<Record<string, () => Promise<unknown>>>;

let libraries: Modules | undefined;
const argv = process.argv.slice(2);
if (argv.length === 1 && ["--help", "-h", "help"].includes(argv[0] ?? "")) {
  printHelp(generalHelp());
  void exitCodeAfterOutput(0).then((code) => (process.exitCode = code));
} else start("program", { hash: programHash, name: `${codeName(argv)}-standalone` });

/** Imports a library of the program, or a file by its URL. */
function importModule(name: string): Promise<unknown> {
  if (!name.startsWith("./libs/")) return importUrl(name);
  libraries ??= (start("libs", undefined) as { readonly modules: Modules }).modules;
  return libraries[name]?.() ?? Promise.reject(new Error(`the executable lacks ${name}`));
}

function start(name: string, key: CodeKey | undefined): unknown {
  const [text, shipped] = [asset(`${name}.js`).toString("latin1"), asset(`${name}.cache`)];
  const script = compiledScript({ text, shipped, filename: `tazpod:${name}` }, key);
  return (
    script.runInThisContext() as (
      load: typeof importModule,
      file: string,
      code: CodeKey | undefined,
    ) => unknown
  )(importModule, process.execPath, key);
}

function asset(name: string): Buffer {
  return Buffer.from(getRawAsset(name) as ArrayBuffer);
}

/** Imports a file. The main program of an executable cannot use import(), but a script compiled like this can. */
async function importUrl(url: string): Promise<unknown> {
  const importer = new Script("(url) => import(url)", {
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const { emitWarning } = process;
  // users cannot act on Node's warning that this is experimental
  process.emitWarning = (...args: readonly unknown[]) => {
    if (!String(args[0]).includes("USE_MAIN_CONTEXT_DEFAULT_LOADER"))
      Reflect.apply(emitWarning, process, args);
  };
  const loading = (importer.runInThisContext() as (address: string) => Promise<unknown>)(url);
  process.emitWarning = emitWarning;
  return loading;
}
