import { PassThrough } from "node:stream";
import type { Failure } from "../failure/failure.js";
import { fail, type Result } from "../failure/result.js";
import type { Engine } from "./types.js";

/** Stands for the engine where there is none: whatever is wanted of it fails with why. */
export function unavailableEngine(failure: Failure): Engine {
  const no = async (): Promise<Result<never>> => fail(failure);
  return {
    name: "docker",
    effectiveSpec: (spec) => spec,
    sharedWithHost: () => [],
    remoteAddress: async () => undefined,
    execPiped: () => ({ stdout: new PassThrough().end(), done: no() }),
    ...{
      version: no,
      inspect: no,
      imageId: no,
      pull: no,
      lookUp: no,
      create: no,
      start: no,
      remove: no,
      removeCopy: no,
    },
    ...{ exec: no, foreground: no },
  };
}
