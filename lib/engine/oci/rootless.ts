import { capture } from "../../host/process.js";
import { flavorOf } from "./flavors.js";
import type { EngineName } from "../types.js";

const answerMs = 10_000;

/** Whether an engine runs without root, as its `info` says it; false where it does not say. */
export async function isRootless(
  name: EngineName,
  signal?: AbortSignal,
  program: string = name,
): Promise<boolean> {
  const { flags, rootless } = flavorOf(name);
  const options = { timeoutMs: answerMs, ...(signal === undefined ? {} : { signal }) };
  const done = await capture([program, ...flags, ...rootless.argv], options);
  return done.ok && done.value.code === 0 && done.value.stdout.includes(rootless.says);
}
