import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { codeFolder } from "./start.js";

/** Which compiled code is used for a script. */
export interface CodeKey {
  /** The SHA-256 of the script, in hex. */
  readonly hash: string;
  /** The file's name: scripts that run different functions are compiled apart. */
  readonly name: string;
}

interface ScriptSource {
  readonly text: string;
  /** For messages. */
  readonly filename: string;
  /** Code that comes with the script. */
  readonly shipped?: Buffer;
}

/**
 * Compiles a script. V8's code of the functions that this run calls is kept in the user's cache for the next one; without
 * a `key` it is neither used nor kept.
 */
export function compiledScript({ text, filename, shipped }: ScriptSource, key: CodeKey | undefined): Script {
  const folder = key === undefined ? undefined : codeFolder();
  if (key === undefined || folder === undefined) return scriptWith(text, filename, shipped);
  const path = join(folder, "code", `${key.name}-${process.version}-${process.arch}`);
  const kept = readCode(path, key.hash);
  const script = scriptWith(text, filename, kept ?? shipped);
  if (kept === undefined || script.cachedDataRejected === true)
    process.once("exit", () => keepCode(path, key.hash, script.createCachedData()));
  return script;
}

function scriptWith(text: string, filename: string, cachedData: Buffer | undefined): Script {
  return new Script(text, { filename, ...(cachedData === undefined ? {} : { cachedData }) });
}

/** Reads compiled code. V8 checks that it is from the same version of V8; the hash before it says of which script. */
function readCode(path: string, hash: string): Buffer | undefined {
  try {
    const kept = readFileSync(path);
    return kept.toString("latin1", 0, hash.length) === hash ? kept.subarray(hash.length) : undefined;
  } catch {
    return undefined;
  }
}

/** Writes compiled code, completely or not at all. It is only a cache: a folder that cannot be written is no failure. */
function keepCode(path: string, hash: string, code: Buffer): void {
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeWhole(temporary, Buffer.concat([Buffer.from(hash, "latin1"), code]));
    renameSync(temporary, path);
  } catch {
    // the next run compiles again
  }
}

/** Creates a file that is on the disk; none if that fails. */
function writeWhole(path: string, bytes: Buffer): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, bytes);
    // V8 does not notice all damage that a crash of the machine could leave
    fsyncSync(file);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}
