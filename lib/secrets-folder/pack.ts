import type { Readable } from "node:stream";
import { isNotRunning } from "../engine/oci/flavors.js";
import type { Finished } from "../host/process.js";
import { fail, type Result } from "../failure/result.js";
import { type Complaints, judgeTar } from "../vault/archive/tar-warnings.js";
import { command } from "./exec.js";
import { archive } from "./scripts.js";
import type { Enclave } from "./types.js";

export interface Taking {
  /** The RAM folder as a tar, as it comes. */
  readonly tar: Readable;
  /** What tar could not read: `save-incomplete` names it unless it may be left out. Wait for it before trusting the tar. */
  readonly done: Promise<Result<Complaints>>;
}

interface TakeOptions {
  readonly signal: AbortSignal;
  /** What tar cannot read is told, and is no failure. */
  readonly lenient: boolean;
}

/** Streams the RAM folder out of the container. Only pipes and memory are in between. */
export function take(enclave: Enclave, { signal, lenient }: TakeOptions): Taking {
  const { engine, container, user } = enclave;
  const { stdout, done } = engine.execPiped(container, command(enclave, archive), { user, signal });
  return {
    tar: stdout,
    done: done.then((result) => (result.ok ? judge(container, result.value, lenient) : result)),
  };
}

function judge(container: string, { code, stderr }: Finished, lenient: boolean): Result<Complaints> {
  if (isNotRunning(stderr)) return fail({ kind: "container-gone", name: container, unsaved: true });
  return judgeTar(code, stderr, lenient);
}
