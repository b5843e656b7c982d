import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type CodeKey, compiledScript } from "../host/compiled-code.js";
import { readFileSync } from "../host/node-fs.js";
import type * as Program from "./program.js";

// Loads the program of the package from dist/bin/program.js, a single script that scripts/bundle.mjs builds.

/** The SHA-256 of program.js, in hex; set by scripts/bundle.mjs. */
declare const programHash: string;

/**
 * Loads the program. Its compiled code is kept from one run to the next, for each command, because they use different
 * functions. Without a command, for a program that uses the library, nothing is kept.
 */
export function loadProgram(command: string | undefined): typeof Program {
  const filename = join(import.meta.dirname, "program.js");
  // it is ASCII, and one byte per character is read faster
  const text = readFileSync(filename, "latin1");
  const key = command === undefined ? undefined : { hash: programHash, name: command };
  const script = compiledScript({ text, filename }, key);
  const start = script.runInThisContext() as (
    folder: string,
    load: typeof importModule,
    code: CodeKey | undefined,
  ) => typeof Program;
  return start(import.meta.dirname, importModule, key);
}

/** Imports a module by its URL, or by its path from dist/bin. */
function importModule(name: string): Promise<unknown> {
  return import(new URL(name, `${pathToFileURL(import.meta.dirname).href}/`).href);
}
