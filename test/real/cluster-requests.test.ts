// needs: kubernetes
// time limit: 300 s

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, Host, podSettings } from "../rig/host.js";
import { kubectl, kubectlPrograms, newNamespace, removeNamespaces, requestsOf } from "../rig/kubernetes.js";
import { until } from "../rig/until.js";

// How many requests the API server gets. docs/kubernetes.md has these numbers.

const space = await newNamespace([
  { resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
  { resources: ["pods/exec"], verbs: ["create"] },
]);
test.after(removeNamespaces);
const host = await Host.make({
  remote: "none",
  more: `engine: kubernetes\nkubernetes: { namespace: ${space.name}, ${podSettings} }\n`,
});
Object.assign(host.env, {
  TAZPOD_ENGINE: "kubernetes",
  TAZPOD_KUBECTL: kubectlPrograms[0],
  KUBECONFIG: await space.kubeconfig(),
});

/** Counts the requests of a run by verb and resource; fails if a command fails. */
async function requests(run: () => Promise<Ended>): Promise<Readonly<Record<string, number>>> {
  const before = (await requestsOf(space.user)).length;
  const done = await run();
  assert.is(done.code, 0, done.stderr);
  // kubectl reads the pod before each program that it runs, and a program is logged when it has ended
  await until(async () => {
    const all = countsOf(await requestsOf(space.user));
    return all["get pods"] === all["create pods/exec"];
  });
  return countsOf((await requestsOf(space.user)).slice(before));
}

function countsOf(requests: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const request of requests) {
    const kind = request.replace(/ \d+$/, "");
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** A command that takes long, as on a machine with much to do, gets a program that watches for changes, and one that receives requests. */
const background = 2;

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

test("a first enter makes the pod, and asks no more than it needs until that is ready", async () => {
  const { "list pods": lists = 0, ...counts } = await requests(() => host.enter("true"));
  // one list more for every 0.4 s until the pod is ready
  assert.ok(lists >= 3, `${lists} lists`);
  assert.is(counts["create pods"], 1);
  assert.ok(sum(counts) <= 13 + 2 * background, JSON.stringify(counts));
});

test("a later enter runs four programs, and one more to open the vault", async () => {
  const counts = await requests(() => host.enter("true"));
  assert.equal(Object.keys(counts).toSorted(), ["create pods/exec", "get pods"]);
  assert.ok((counts["get pods"] ?? 0) <= 4 + background, JSON.stringify(counts));
});

test("a second shell runs two", async () => {
  const pod = (await kubectl(["get", "pods", "-n", space.name, "-o", "name"])).stdout.trim();
  const inPod = async (script: string): Promise<number | null> =>
    (await kubectl(["exec", "-n", space.name, pod, "--", "sh", "-c", script])).code;
  const start = countsOf(await requestsOf(space.user))["get pods"] ?? 0;
  const first = host.enter("echo > open; while [ ! -e end ]; do sleep 0.1; done");
  await until(async () => (await inPod("[ -e /workspace/open ]")) === 0);
  const programs = async (): Promise<number> => countsOf(await requestsOf(space.user))["get pods"] ?? 0;
  // with those in the background
  await until(async () => (await programs()) >= start + 6);
  const before = await programs();
  assert.is((await host.enter("true")).code, 0);
  const after = await programs();
  await requests(async () => {
    await inPod("touch /workspace/end");
    return first;
  });
  assert.ok(after - before <= 2 + background, String(after - before));
});

test("an open shell makes no request while nothing changes", async () => {
  const short = await requests(() => host.enter("sleep 10"));
  const long = await requests(() => host.enter("sleep 40"));
  assert.ok(sum(short) <= 10 + 2 * background, JSON.stringify(short));
  assert.ok(sum(long) <= sum(short), JSON.stringify({ short, long }));
});

test("down runs one program and removes the pod", async () => {
  const counts = await requests(() => host.run("down"));
  assert.equal(counts, { "get pods": 1, "list pods": 2, "delete pods": 1, "create pods/exec": 1 });
});

test.run();
