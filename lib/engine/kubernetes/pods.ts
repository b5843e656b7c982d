import { fail, ok, type Result } from "../../failure/result.js";
import type { Finished } from "../../host/process.js";
import { lastLine, type RunKubectl } from "./kubectl.js";
import { isGone } from "./pod-exec.js";
import { parsePods, type Pod } from "./pod-state.js";

/** Returns the pods with a label, oldest first. */
export async function listPods(run: RunKubectl, selector: string): Promise<Result<readonly Pod[]>> {
  const argv = ["get", "pods", "-l", selector, "-o", "json"];
  const done = await run(argv);
  if (!done.ok) return done;
  if (done.value.code !== 0) return unexpected(argv, done.value);
  const pods = parsePods(done.value.stdout.toString());
  return pods === undefined ? unexpected(argv, done.value) : ok(pods);
}

/** Deletes pods by name and does not wait for their end. A pod that is gone is no failure. */
export async function deletePods(run: RunKubectl, names: readonly string[]): Promise<Result<void>> {
  if (names.length === 0) return ok(undefined);
  const argv = ["delete", "pod", ...names, "--wait=false", "--ignore-not-found"];
  const done = await run(argv);
  if (!done.ok) return done;
  return done.value.code === 0 || isGone(done.value.stderr) ? ok(undefined) : unexpected(argv, done.value);
}

/** Returns a failure for an answer of kubectl that was not expected, such as a missing right. */
export function unexpected(argv: readonly string[], { code, stderr }: Finished): Result<never> {
  if (/forbidden/i.test(stderr))
    return fail({
      kind: "engine-unavailable",
      engine: "kubernetes",
      why: "permission",
      detail: lastLine(stderr),
    });
  return fail({ kind: "command-failed", command: ["kubectl", ...argv.slice(0, 3)], code, detail: stderr });
}
