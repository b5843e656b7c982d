// needs: kubernetes
// time limit: 300 s

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, Host } from "../rig/host.js";
import { kubectlPrograms, newNamespace, removeNamespaces, requestsOf } from "../rig/kubernetes.js";

// How many requests the API server gets. docs/kubernetes.md has these numbers.

const space = await newNamespace([
  { resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
  { resources: ["pods/exec"], verbs: ["create"] },
]);
test.after(removeNamespaces);
const host = await Host.make({
  remote: "none",
  more: `engine: kubernetes\nkubernetes: { namespace: ${space.name}, image_pull_policy: Never, requests: { cpu: 0 } }\n`,
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
  const counts: Record<string, number> = {};
  for (const request of (await requestsOf(space.user)).slice(before)) {
    const kind = request.replace(/ \d+$/, "");
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

test("a first enter makes the pod, and asks no more than it needs until that is ready", async () => {
  const { "list pods": lists = 0, ...counts } = await requests(() => host.enter("true"));
  // one list more for every 0.4 s until the pod is ready
  assert.ok(lists >= 8, `${lists} lists`);
  assert.is(counts["create pods"], 1);
  assert.ok(sum(counts) <= 29, JSON.stringify(counts));
});

test("a later enter makes at most 31 requests", async () => {
  const counts = await requests(() => host.enter("true"));
  assert.ok(sum(counts) <= 31, JSON.stringify(counts));
  // kubectl reads the pod before each program that it runs
  assert.equal(Object.keys(counts).toSorted(), ["create pods/exec", "get pods", "list pods"]);
  assert.is(counts["create pods/exec"], counts["get pods"]);
});

test("an open shell makes no request while nothing changes", async () => {
  const short = await requests(() => host.enter("sleep 10"));
  const long = await requests(() => host.enter("sleep 40"));
  assert.ok(sum(short) <= 37, JSON.stringify(short));
  assert.ok(sum(long) <= sum(short), JSON.stringify({ short, long }));
});

test("down makes at most 11 requests", async () => {
  const counts = await requests(() => host.run("down"));
  assert.ok(sum(counts) <= 11, JSON.stringify(counts));
});

test.run();
