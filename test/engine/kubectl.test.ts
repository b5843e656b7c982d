// needs: kubernetes
// runs alone on: kubernetes

import { basename } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kubectlRunner } from "../../lib/engine/kubernetes/kubectl.js";
import { cuttingProxy } from "../fake/cutting-proxy.js";
import { type Ended, run, testImage } from "../rig/host.js";
import {
  apiServer,
  clusterPart,
  kubectl as adminKubectl,
  kubectlPrograms,
  newNamespace,
  removeNamespaces,
  requestsOf,
} from "../rig/kubernetes.js";
import { value } from "../rig/result.js";
import { until } from "../rig/until.js";

// What holds of kubectl and a cluster, without tazpod.
const test = suite("kubectl");
test.after(removeNamespaces);

/** Runs a program of a pod whose only container is `box`. */
type InPod = (...argv: string[]) => Promise<Ended>;

/** Creates a pod that runs; returns how to run `kubectl`, and programs in the pod. */
async function pod(program: string, kubeconfig: string): Promise<{ kubectl: InPod; exec: InPod }> {
  const box = { name: "box", image: testImage, imagePullPolicy: "Never", command: ["sleep", "1000"] };
  const input = JSON.stringify({
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "pod" } },
    spec: { automountServiceAccountToken: false, enableServiceLinks: false, containers: [box] },
  });
  const kubectl: InPod = (...args) => run(program, ["--kubeconfig", kubeconfig, ...args], { input });
  const exec: InPod = (...argv) => kubectl("exec", "pod", "--container=box", "--", ...argv);
  const created = await kubectl("create", "-f", "-");
  assert.is(created.code, 0, created.stderr);
  await until(async () => (await exec("true")).code === 0);
  return { kubectl, exec };
}

for (const [index, program] of kubectlPrograms.entries()) {
  test(`${basename(program)} ${index}: rights on pods, and to run programs in them, are enough, and no others are given`, async () => {
    const { kubeconfig, user } = await newNamespace();
    const { kubectl, exec } = await pod(program, await kubeconfig());
    const done = await exec("sh", "-c", "echo out; exit 3");
    assert.equal([done.code, done.stdout], [3, "out\n"]);
    assert.match((await kubectl("get", "secrets")).stderr, "Forbidden");
    assert.is((await kubectl("delete", "pod", "pod", "--wait=false")).code, 0);
    const requests = await requestsOf(user);
    for (const request of ["create pods 201", "create pods/exec 101", "list secrets 403", "delete pods 200"])
      assert.ok(requests.includes(request), `${request}: ${requests.join(", ")}`);
  });

  test(`${basename(program)} ${index}: what a cut connection had not brought yet is missing`, async () => {
    const { kubeconfig } = await newNamespace();
    const proxy = await cuttingProxy(await apiServer());
    const { exec } = await pod(program, await kubeconfig(proxy.url));
    const whole = (await exec("seq", "50000")).stdout;
    assert.is(whole.split("\n").length, 50_001);
    proxy.cutAfter(100_000);
    const { stdout } = await exec("seq", "50000");
    assert.ok(stdout.length < 100_000 && whole.startsWith(stdout), String(stdout.length));
    await proxy.close();
  });
}

test("with an API whose server is down, what a cluster says of a pod is told from what it could not list", async () => {
  const { kubeconfig } = await newNamespace();
  const metadata = { name: "v1beta1.absent.example" };
  const service = { name: "absent", namespace: "default" };
  const input = JSON.stringify({
    ...{ apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata },
    spec: {
      ...{ service, group: "absent.example", version: "v1beta1", insecureSkipTLSVerify: true },
      ...{ groupPriorityMinimum: 100, versionPriority: 100 },
    },
  });
  assert.is((await adminKubectl(["create", "-f", "-"], input)).code, 0);
  try {
    const available = ["get", "apiservice", metadata.name, "-o", "jsonpath={.status.conditions[*].status}"];
    await until(async () => (await adminKubectl(available)).stdout === "False");
    for (const program of kubectlPrograms) {
      const ask = kubectlRunner([program, "--kubeconfig", await kubeconfig()]);
      const { code, stderr } = value(await ask(["get", "pod", "nope"]));
      assert.equal([code, stderr], [1, 'Error from server (NotFound): pods "nope" not found'], program);
    }
  } finally {
    await adminKubectl(["delete", "apiservice", metadata.name]);
  }
});

test("a part that was killed leaves pods as they are, and serves them when it is started again", async () => {
  const [program = ""] = kubectlPrograms;
  const { kubeconfig } = await newNamespace();
  const { exec } = await pod(program, await kubeconfig());
  assert.is((await exec("sh", "-c", "echo left > /tmp/left")).code, 0);
  for (const part of ["kube-apiserver", "kubelet"] as const) {
    await clusterPart("stop", part);
    assert.is.not((await exec("true")).code, 0, part);
    await clusterPart("start", part);
    // a kubelet answers before it knows its pods again
    await until(async () => (await exec("cat", "/tmp/left")).stdout === "left\n");
  }
});

test.run();
