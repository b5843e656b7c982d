import { capture } from "../host/process.js";

const answerMs = 10_000;

/** Whether an engine runs without root, as Docker's `info` says it; false where it does not say. */
export async function isRootless(program: string, signal: AbortSignal): Promise<boolean> {
  const argv = [program, "info", "--format", "{{json .SecurityOptions}}"];
  const done = await capture(argv, { timeoutMs: answerMs, signal });
  return done.ok && done.value.code === 0 && done.value.stdout.includes("name=rootless");
}
