import { PassThrough } from "node:stream";
import { fail, ok, type Result } from "../../failure/result.js";
import { sleep } from "../../host/clock.js";
import { piped } from "../../host/process.js";
import type { HelperContainer } from "../engine.js";
import { markedArgv, newMarker } from "./end-marker.js";
import { deletePods, listPods } from "./pods.js";
import { lastLine, type RunKubectl } from "./kubectl.js";
import {
  containerName,
  labels,
  podIdentity,
  podManifest,
  ramFolder,
  type PodRequest,
} from "./pod-manifest.js";
import { hasStarted } from "./pod-exec.js";
import { isOver, isReady, whyNotReady } from "./pod-state.js";

/** Held open by tazpod: at its end, whatever the reason, process 1 is told to end too. */
const untilStdinEnds = `cat >/dev/null; : > "$1/end"; kill -TERM 1`;

/** Runs a pod that lives as long as this process. Failure: `container-start`. */
export async function runHelperPod({
  command,
  run,
  request,
}: {
  readonly command: readonly string[];
  readonly run: RunKubectl;
  readonly request: PodRequest;
}): Promise<Result<HelperContainer>> {
  const { spec, settings, podName } = request;
  const selector = `${labels.helper}=${podIdentity(spec.name, settings.owner)}`;
  const manifest = podManifest({ ...request, helper: podName });
  const made = await run(["create", "-f", "-", "-o", "name"], { input: JSON.stringify(manifest) });
  if (!made.ok) return made;
  if (made.value.code !== 0) return notStarted(lastLine(made.value.stderr));
  const end = Date.now() + settings.startTimeoutMs;
  for (;;) {
    const pods = await listPods(run, selector);
    if (!pods.ok) return pods;
    await deletePods(
      run,
      pods.value.filter(({ status }) => isOver(status.phase)).map(({ metadata }) => metadata.name),
    );
    const pod = pods.value.find(({ metadata }) => metadata.name === podName);
    if (pod !== undefined && isReady(pod) && (await hasStarted({ command, podName, name: spec.name }))) break;
    const why = pod === undefined ? undefined : whyNotReady(pod);
    if (why === undefined || why.isFinal || Date.now() > end) {
      await deletePods(run, [podName]);
      return notStarted(why?.reason ?? "it was deleted while it started");
    }
    await sleep(400);
  }
  const input = new PassThrough();
  const guard = markedArgv(newMarker(), ["sh", "-c", untilStdinEnds, "tazpod", ramFolder]);
  const held = piped([...command, "exec", "--stdin", podName, "-c", containerName, "--", ...guard], {
    input,
    isQuestion: true,
  });
  held.stdout.resume();
  return ok({
    name: spec.name,
    secrets: `${ramFolder}/secrets`,
    async end() {
      await deletePods(run, [podName]);
      input.end();
      await held.done;
    },
  });

  function notStarted(detail: string): Result<never> {
    return fail({ kind: "container-start", name: spec.name, detail, why: "cluster" });
  }
}
