import { join } from "node:path";
import { Script } from "node:vm";
import { writeCacheFile } from "./cache-file.js";
import { readFileSync } from "./node-fs.js";
import { codeFolder } from "./start.js";

/** Which compiled code is used for a script. */
export interface CodeKey {
  /** The SHA-256 of the script, in hex. */
  readonly hash: string;
  /** The file's name: scripts that run different functions are compiled apart. */
  readonly name: string;
  /** Set by a run that called functions which the next one will not need. */
  isUnusual?: boolean;
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
    process.once("exit", () => {
      if (key.isUnusual === true) return;
      writeCacheFile(path, Buffer.concat([Buffer.from(key.hash, "latin1"), script.createCachedData()]));
    });
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
