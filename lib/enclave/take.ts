import type { Readable } from "node:stream";
import type { Finished } from "../host/process.js";
import { fail, type Result } from "../result.js";
import { type Complaints, judgeTar } from "../vault/complaints.js";
import { command } from "./call.js";
import { archive, archiveWithout } from "./scripts.js";
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
  /** Paths that tar is not to read at all. */
  readonly without?: ReadonlySet<string>;
}

/** Streams the RAM folder out of the container. Only pipes and memory are in between. */
export function take(enclave: Enclave, { signal, lenient, without = new Set() }: TakeOptions): Taking {
  const { engine, container, user } = enclave;
  const list = [...without].map((path) => `${pattern(path)}\n`).join("");
  const { stdout, done } =
    list === ""
      ? engine.execPiped(container, command(enclave, archive), { user, signal })
      : engine.execPiped(container, command(enclave, archiveWithout), { user, signal, input: list });
  return {
    tar: stdout,
    done: done.then((result) => (result.ok ? judge(container, result.value, lenient) : result)),
  };
}

/** As tar's list of exclusions has it, where letters of patterns are escaped. */
function pattern(path: string): string {
  return `./${path.replace(/[\\*?[\]]/g, "\\$&")}`;
}

function judge(container: string, { code, stderr }: Finished, lenient: boolean): Result<Complaints> {
  if (/is not running|no such container/i.test(stderr))
    return fail({ kind: "container-gone", name: container, unsaved: true });
  return judgeTar(code, stderr, lenient);
}
