import type { Readable } from "node:stream";
import { isNotRunning } from "../engine/oci/flavors.js";
import type { Finished } from "../host/process.js";
import { fail, type Result } from "../failure/result.js";
import { type TarWarnings, interpretTar } from "../vault/archive/tar-warnings.js";
import { readNote, scriptArgv, scriptStallMs } from "./exec.js";
import { archive } from "./container-scripts.js";
import type { SecretsFolder } from "./secrets-folder.js";

/** The packed secrets folder. */
export interface PackedFolder {
  /** The secrets folder as a tar stream. */
  readonly tar: Readable;
  /** The warnings of tar; `save-incomplete` for unreadable files, unless lenient. Await it before trusting the tar. */
  readonly done: Promise<Result<TarWarnings>>;
}

interface PackOptions {
  readonly signal: AbortSignal;
  /** Unreadable files are warnings, not a failure. */
  readonly lenient: boolean;
  /** Notes in the folder how it looked, for `clearFolder`. */
  readonly noteLook?: boolean;
}

/** Streams the secrets folder out of the container, through pipes and memory only. */
export function packFolder(
  secrets: SecretsFolder,
  { signal, lenient, noteLook = false }: PackOptions,
): PackedFolder {
  const { engine, container, user } = secrets;
  const argv = scriptArgv(secrets, archive, noteLook ? [readNote] : []);
  const { stdout, done } = engine.execPiped(container, argv, {
    ...{ user, signal },
    stallMs: scriptStallMs,
  });
  return {
    tar: stdout,
    done: done.then((result) => (result.ok ? packOutcome(container, result.value, lenient) : result)),
  };
}

function packOutcome(container: string, { code, stderr }: Finished, lenient: boolean): Result<TarWarnings> {
  if (isNotRunning(stderr)) return fail({ kind: "container-gone", name: container, unsaved: true });
  return interpretTar(code, stderr, lenient);
}
