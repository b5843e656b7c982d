import type { Readable } from "node:stream";
import { fail, ok, type Result } from "../result.js";
import { command } from "./call.js";
import { archive } from "./scripts.js";
import type { Enclave } from "./types.js";

export interface Taking {
  /** The RAM folder as a tar, as it comes. */
  readonly tar: Readable;
  /** Whether tar read everything; `save-incomplete` names what it did not. Wait for it before trusting the tar. */
  readonly done: Promise<Result<void>>;
}

/** Streams the RAM folder out of the container. Only pipes and memory are in between. */
export function take(enclave: Enclave, signal: AbortSignal): Taking {
  const { engine, container, user } = enclave;
  const { stdout, done } = engine.execPiped(container, command(enclave, archive), { user, signal });
  return {
    tar: stdout,
    done: done.then((result) =>
      result.ok ? judge(container, result.value.code, result.value.stderr) : result,
    ),
  };
}

function judge(container: string, code: number | undefined, stderr: string): Result<void> {
  if (/is not running|no such container/i.test(stderr))
    return fail({ kind: "container-gone", name: container, unsaved: true });
  // whatever tar complains of is something it left out or could not read whole
  if (code === 0 && stderr === "") return ok(undefined);
  const said = stderr === "" ? `tar ended with ${code === undefined ? "a signal" : `code ${code}`}` : stderr;
  return fail({ kind: "save-incomplete", problems: said.split("\n").slice(0, 20) });
}
