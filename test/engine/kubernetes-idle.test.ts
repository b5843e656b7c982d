// needs: kubernetes
// time limit: 120 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createAndStart } from "../../lib/engine/container.js";
import { kubernetesEngine } from "../../lib/engine/kubernetes/engine.js";
import { kubectlCommand, kubectlRunner } from "../../lib/engine/kubernetes/kubectl.js";
import { defaultSettings } from "../../lib/engine/kubernetes/settings.js";
import { createPod } from "../../lib/engine/kubernetes/start-pod.js";
import { kubectl, newNamespace, removeNamespaces } from "../rig/kubernetes.js";
import { value } from "../rig/result.js";
import { until } from "../rig/until.js";
import { kitOf } from "./every-engine.js";

const space = await newNamespace([
  { resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
  { resources: ["pods/exec"], verbs: ["create"] },
]);
process.env["KUBECONFIG"] = await space.kubeconfig();
const settings = { ...defaultSettings(), imagePullPolicy: "Never", requests: { cpu: "0" } };
const engine = kubernetesEngine({ ...settings, timeToLiveMs: 3_000 });
const { specOf, running } = kitOf(engine);
test.after(removeNamespaces);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The phases of the namespace's pods. */
async function phases(): Promise<string> {
  const columns = "jsonpath={.items[*].status.phase}";
  return (await kubectl(["get", "pods", "-n", space.name, "-o", columns])).stdout;
}

test("a pod ends after its time to live, unless programs run in it or the vault is open", async () => {
  const spec = await specOf();
  value(await createAndStart(engine, spec, () => undefined, new AbortController().signal));
  const { id, secrets = "" } = await running(spec);
  const run = async (script: string): Promise<void> => {
    // what has an input is not run by a shell that stays for a while
    const done = value(await engine.exec(spec.name, ["sh", "-c", script], { user: "tazpod", input: "" }));
    assert.is(done.code, 0, done.stderr);
  };
  // none of these is there when process 1 looks for programs
  for (let turn = 0; turn < 6; turn += 1) {
    await run("true");
    await pause(800);
  }
  await run("sleep 5");
  await run(`mkdir ${secrets}/.tazpod; : > ${secrets}/.tazpod/open`);
  await pause(5_000);
  assert.is((await running(spec)).id, id);
  await run(`rm -r ${secrets}/.tazpod`);
  await until(async () => (await phases()) === "Succeeded");
  assert.equal(value(await engine.inspect(spec.name)), {
    state: "absent",
    ended: "no program ran in it for 3s (kubernetes.time_to_live)",
  });
  value(await must(engine.removeLeftovers?.(spec)));
  assert.is(await phases(), "");
});

test("a helper pod without its tazpod ends by itself, and one with it is not removed", async () => {
  const own = kubernetesEngine({ ...settings, startTimeoutMs: 4_000 });
  const spec = await specOf();
  const user = value(await own.lookUp(spec.image, spec.user));
  const helper = value(await must(own.runHelper?.(spec, user, `${spec.name}-with-1`)));
  // as if its process had been killed before it could hold it
  const request = { spec, user, settings: { ...settings, startTimeoutMs: 1_000 }, podName: "left" };
  value(await createPod(kubectlRunner(kubectlCommand(settings)), { ...request, helper: "left" }));
  await until(async () => (await phases()) === "Succeeded Running");
  await pause(4_000);
  value(await must(own.removeLeftovers?.(spec)));
  value(await own.remove(spec.name));
  assert.is(await phases(), "Running");
  await helper.end();
});

function must<T>(promise: Promise<T> | undefined): Promise<T> {
  if (promise === undefined) throw new Error("the engine does not have it");
  return promise;
}

test.run();
