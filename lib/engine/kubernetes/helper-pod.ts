import { PassThrough } from "node:stream";
import { ok, type Result } from "../../failure/result.js";
import { piped } from "../../host/process.js";
import type { HelperContainer } from "../engine.js";
import { deletePods, listPods } from "./pods.js";
import type { RunKubectl } from "./kubectl.js";
import { execArgv } from "./pod-exec.js";
import { labels, podIdentity, ramFolder, type PodRequest } from "./pod-manifest.js";
import { createPod, waitUntilReady } from "./start-pod.js";

/** Held open by tazpod: at its end, whatever the reason, process 1 is told to end too. */
const untilStdinEnds = "cat >/dev/null; kill -TERM 1";

/** Runs a pod that lives as long as this process. Failures: those of `createPod` and `waitUntilReady`. */
export async function runHelperPod(
  command: readonly string[],
  run: RunKubectl,
  request: PodRequest & { readonly helper: string },
): Promise<Result<HelperContainer>> {
  const { settings, podName, helper: name } = request;
  const list = () => listPods(run, `${labels.helper}=${podIdentity(name)}`);
  const remove = () => deletePods(run, [podName]);
  const made = await createPod(run, request);
  if (!made.ok) return made;
  const ready = await waitUntilReady(list, command, { name, limitMs: settings.startTimeoutMs });
  if (!ready.ok) {
    await remove();
    return ready;
  }
  const input = new PassThrough();
  const argv = execArgv({ command, podName, name }, ["--stdin"], ["sh", "-c", untilStdinEnds]);
  const held = piped(argv, { input, isQuestion: true });
  held.stdout.resume();
  return ok({
    name,
    secrets: `${ramFolder}/secrets`,
    async end() {
      await remove();
      input.end();
      await held.done;
    },
  });
}
