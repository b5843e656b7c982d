import type { Readable } from "node:stream";
import { isNotRunning } from "../engine/oci/flavors.js";
import { workspace } from "../engine/container-paths.js";
import type { Engine } from "../engine/engine.js";
import type { Finished } from "../host/process.js";
import { Failed, fail, type Result } from "../failure/result.js";
import { type TarWarnings, interpretTar } from "../vault/archive/tar-warnings.js";

/** The container with the copy of the project. */
export interface WorkspaceContainer {
  readonly engine: Engine;
  readonly container: string;
  readonly user: string;
}

/** How long a script may neither print nor take input, in ms: there may be very many files. */
const stallMs = 600_000;

/** The output limit in bytes: the file list of a large project is long. */
const limitBytes = 256 * 1024 ** 2;

/** The engine keeps at most this much stderr; at the limit, warnings may be missing. */
const maxStderrBytes = 60 * 1024;

function command(script: string): string[] {
  return ["sh", "-c", script, "tazpod", workspace];
}

/** Runs a script with the copy's folder as `$1`. */
export async function execScript(
  { engine, container, user }: WorkspaceContainer,
  script: string,
  signal: AbortSignal,
  input: Readable | string = "",
): Promise<Result<Finished>> {
  const done = await engine.exec(container, command(script), { user, signal, input, limitBytes, stallMs });
  if (!done.ok) return done;
  const { code, stderr } = done.value;
  if (code === 0) return done;
  if (isNotRunning(stderr)) return gone(container);
  return fail({ kind: "command-failed", command: ["exec", container, "sh"], code, detail: stderr });
}

/** A tar stream from the container. */
export interface PackedFiles {
  readonly tar: Readable;
  /** Existing files that tar could not read. Await it before trusting the tar. */
  readonly done: Promise<Result<TarWarnings>>;
}

/**
 * Streams the tar that a script packs. Failures: `save-incomplete` when the missing files are unknown,
 * `container-gone`.
 */
export function packFiles(
  { engine, container, user }: WorkspaceContainer,
  script: string,
  signal: AbortSignal,
  input?: string,
): PackedFiles {
  const given = input === undefined ? {} : { input };
  const { stdout, done } = engine.execPiped(container, command(script), { user, signal, stallMs, ...given });
  return {
    tar: stdout,
    done: done.then((result) => (result.ok ? packOutcome(container, result.value) : result)),
  };
}

function packOutcome(container: string, { code, stderr }: Finished): Result<TarWarnings> {
  if (isNotRunning(stderr)) return gone(container);
  if (stderr.length > maxStderrBytes)
    return fail({ kind: "save-incomplete", problems: [stderr.split("\n").at(-1) ?? "", "and many more"] });
  return interpretTar(code, stderr, true);
}

function gone(name: string): Result<never> {
  return fail({ kind: "container-gone", name, unsaved: false });
}

/** Returns the error for an invalid or incomplete tar of the copy. */
export function damagedTar(detail: string): Failed {
  return new Failed({
    kind: "archive-refused",
    entry: "the project in the container",
    detail,
    damaged: true,
  });
}
