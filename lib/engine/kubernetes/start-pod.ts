import { sleep, steadyTime } from "../../host/clock.js";
import { fail, ok, type Result } from "../../failure/result.js";
import type { StartProgress } from "../engine.js";
import { lastLine, type RunKubectl } from "./kubectl.js";
import { hasStarted } from "./pod-exec.js";
import { overlayProblem, podManifest, type PodRequest } from "./pod-manifest.js";
import { isReady, livePod, type Pod, whyNotReady } from "./pod-state.js";

/** How often a pod that is not ready is looked at, in ms. */
const pollMs = 400;

/** Creates a pod and does not wait for it. Failures: `setting-unusable`, `container-start` if the cluster refuses it. */
export async function createPod(run: RunKubectl, request: PodRequest): Promise<Result<void>> {
  const manifest = podManifest(request);
  const detail = overlayProblem(manifest, request);
  if (detail !== undefined) {
    const hint = "Correct `pod` below `kubernetes`.";
    return fail({ kind: "setting-unusable", setting: "kubernetes.pod", detail, hint });
  }
  const done = await run(["create", "-f", "-", "-o", "name"], { input: JSON.stringify(manifest) });
  if (!done.ok) return done;
  return done.value.code === 0
    ? ok(undefined)
    : notStarted(request.helper ?? request.spec.name, refusal(done.value.stderr));
}

/**
 * Waits until programs can be run in the pod that counts among those that `list` returns. Failures: `container-start`,
 * `interrupted`.
 */
export async function waitUntilReady(
  list: () => Promise<Result<readonly Pod[]>>,
  command: readonly string[],
  { name, limitMs }: { readonly name: string; readonly limitMs: number },
  progress?: StartProgress,
): Promise<Result<void>> {
  const end = steadyTime() + limitMs;
  for (let said = ""; ;) {
    const pods = await list();
    if (!pods.ok) return pods;
    const pod = livePod(pods.value) ?? pods.value.at(-1);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined)
      return notStarted(name, "it was deleted while it started");
    if (isReady(pod) && (await hasStarted({ command, podName: pod.metadata.name, name })))
      return ok(undefined);
    const { reason, isFinal } = whyNotReady(pod);
    if (isFinal) return notStarted(name, reason);
    if (steadyTime() > end) return notStarted(name, `it was not ready within ${limitMs / 1000} s. ${reason}`);
    if (progress?.signal?.aborted)
      return fail({ kind: "interrupted", signal: String(progress.signal.reason) });
    if (reason !== said) progress?.report(`waiting for the pod: ${reason}`);
    said = reason;
    await sleep(pollMs);
  }
}

const notStarted = (name: string, detail: string): Result<never> =>
  fail({ kind: "container-start", name, detail, why: "cluster" });

/** Returns why the API server refused a pod, without kubectl's own words. */
const refusal = (stderr: string): string =>
  lastLine(stderr).replace(/^Error from server \((\w+)\): error when creating "STDIN": /, "$1: ");
