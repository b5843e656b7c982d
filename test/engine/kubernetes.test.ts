// needs: kubernetes
// time limit: 600 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createAndStart } from "../../lib/engine/container.js";
import { kubernetesEngine } from "../../lib/engine/kubernetes/engine.js";
import { defaultSettings, type KubernetesSettings } from "../../lib/engine/kubernetes/settings.js";
import { newFolder } from "../rig/folder.js";
import { testImage } from "../rig/host.js";
import { kubectl, kubectlPrograms, newNamespace, removeNamespaces, requestsOf } from "../rig/kubernetes.js";
import { failure, value } from "../rig/result.js";
import { until } from "../rig/until.js";
import { everyEngine, kitOf } from "./every-engine.js";

// the least rights that tazpod needs, with those for claims
const space = await newNamespace([
  { resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
  { resources: ["pods/exec"], verbs: ["create"] },
  { resources: ["persistentvolumeclaims"], verbs: ["create", "delete"] },
]);
process.env["KUBECONFIG"] = await space.kubeconfig();
process.env["TAZPOD_KUBECTL"] = kubectlPrograms[0];
const engineWith = (change: Partial<KubernetesSettings> = {}): ReturnType<typeof kubernetesEngine> =>
  kubernetesEngine({
    ...defaultSettings(),
    imagePullPolicy: "Never",
    // there may be more pods than the node has CPUs for
    requests: { cpu: "0" },
    startTimeoutMs: 60_000,
    ...change,
  });
const engine = engineWith();
const kit = kitOf(engine);
const { make, specOf, inside, running } = kit;
const signal = new AbortController().signal;

everyEngine(engine, kit, async (container) => {
  value(await engine.remove(container));
  await until(async () => value(await engine.inspect(container)).state === "absent");
});
test.after(removeNamespaces);

test("a pod meets the restricted standard and has no token", async () => {
  const spec = await make();
  const status = await inside(spec, "id -u; cat /proc/self/status");
  assert.match(status, /^1000\n/);
  assert.match(status, /CapEff:\s+0000000000000000/);
  assert.match(status, /CapBnd:\s+0000000000000000/);
  assert.match(status, /NoNewPrivs:\s+1/);
  assert.is(await inside(spec, "ls -A /var/run/secrets 2>/dev/null || :"), "");
});

test("the RAM folder is private, in memory, and linked from the home", async () => {
  const spec = await make();
  const state = await running(spec);
  assert.is(
    await inside(spec, `stat -c '%a %u' ${state.secrets}; readlink ~/secrets`),
    `700 1000\n${state.secrets}`,
  );
  assert.match(await inside(spec, "grep ' /run/tazpod-vault ' /proc/mounts"), /^tmpfs /);
});

test("arguments with any bytes arrive unchanged", async () => {
  const { name } = await make();
  const argv = ["printf", "%s|", "a b", "", "'\"$`\\", "ünï\ncöde", "--flag"];
  const done = value(await engine.exec(name, argv, { user: "tazpod" }));
  assert.is(done.stdout.toString(), "a b||'\"$`\\|ünï\ncöde|--flag|");
});

test("each kubectl works", async () => {
  const { name } = await make();
  for (const program of kubectlPrograms) {
    process.env["TAZPOD_KUBECTL"] = program;
    const own = engineWith();
    const done = value(await own.exec(name, ["sh", "-c", "cat; exit 3"], { user: "tazpod", input: "hello" }));
    assert.equal([done.code, done.stdout.toString(), done.stderr], [3, "hello", ""], program);
    assert.match(value(await own.version()), /^v1\./);
  }
  process.env["TAZPOD_KUBECTL"] = kubectlPrograms[0];
});

test("what was started in a pod ends when it is interrupted or its time is over", async () => {
  const spec = await make();
  const abort = new AbortController();
  const script = ["sh", "-c", "sleep 4321 & wait"];
  const interrupted = engine.exec(spec.name, script, { user: "tazpod", signal: abort.signal });
  await until(async () => (await inside(spec, "ps")).includes("sleep 4321"));
  abort.abort();
  failure(await interrupted, "interrupted");
  assert.not.match(await inside(spec, "ps"), "sleep 4321");
  failure(await engine.exec(spec.name, script, { user: "tazpod", timeoutMs: 1_000 }), "engine-unavailable");
  assert.not.match(await inside(spec, "ps"), "sleep 4321");
});

test("two owners, and two container names, have a pod each", async () => {
  const spec = await make();
  const other = engineWith({ owner: "another" });
  assert.is(value(await other.inspect(spec.name)).state, "absent");
  value(await createAndStart(other, { ...spec }, () => undefined, signal));
  await inside(spec, "echo mine > ~/secrets/a");
  const theirs = value(await other.exec(spec.name, ["sh", "-c", "ls -A ~/secrets"], { user: "tazpod" }));
  assert.is(theirs.stdout.toString(), "");
  value(await other.remove(spec.name));
  assert.is(await inside(spec, "cat ~/secrets/a"), "mine");
});

test("another checkout of the project, with the same container name, finds the same pod", async () => {
  const spec = await make();
  const elsewhere = kubernetesEngine(defaultSettings(), "/another/checkout");
  const state = value(await elsewhere.inspect(spec.name));
  assert.is(state.state === "running" && state.owner, "/another/checkout");
  assert.is(state.state === "running" && state.id, (await running(spec)).id);
});

const refusals: readonly (readonly [string, Partial<KubernetesSettings>, RegExp])[] = [
  ["an image that is not there", { imagePullPolicy: "IfNotPresent" }, /ErrImagePull|ImagePullBackOff/],
  ["an image that may not be pulled", {}, /ErrImageNeverPull/],
  [
    "a request that no node can meet",
    { requests: { memory: "4000Gi" } },
    /Unschedulable.*Insufficient memory/,
  ],
  ["a node selector without a node", { nodeSelector: { disk: "none" } }, /Unschedulable.*node/],
  ["a user with another uid", { uid: 1234, gid: 1234 }, /the image's user tazpod has uid 1000/],
  [
    "a user with another home",
    { home: "/home/other" },
    /the image's user tazpod has the home \/home\/tazpod/,
  ],
  ["a missing claim's class", { overlay: { spec: { priorityClassName: "nope" } } }, /priority.*nope/i],
];

for (const [what, change, said] of refusals)
  test(`${what} is reported in the cluster's own words, and leaves no pod`, async () => {
    const image = what.startsWith("an image") ? "localhost:1/no/such:1" : testImage;
    const spec = await specOf({ image });
    const own = engineWith({ ...change, startTimeoutMs: 8_000 });
    assert.match(
      failure(await createAndStart(own, spec, () => undefined, signal), "container-start").detail,
      said,
    );
    await until(async () => value(await own.inspect(spec.name)).state === "absent");
  });

test("settings that a pod cannot have are refused", async () => {
  for (const [change, setting] of [
    [{ network: "none" }, /network/],
    [{ network: "host" }, /network/],
    [{ mounts: [{ source: "/a", target: "/b", readOnly: true }] }, /mounts/],
    [{ memoryBytes: 40 << 20 }, /limits.memory/],
    [{ user: "root" }, /user/],
  ] as const) {
    const spec = await specOf(change);
    const made = await createAndStart(engine, spec, () => undefined, signal);
    assert.match(failure(made, "setting-unusable").setting, setting);
  }
});

test("an overlay is merged by name, and may not take the vault out of memory", async () => {
  const containers = [{ name: "tazpod", env: [{ name: "EXTRA", value: "yes" }] }];
  const own = engineWith({ overlay: { spec: { containers, hostname: "at-home" } } });
  const spec = await specOf();
  value(await createAndStart(own, spec, () => undefined, signal));
  assert.is(await inside(spec, "echo $EXTRA $HOME; hostname"), "yes /home/tazpod\nat-home");
  const disk = engineWith({ overlay: { spec: { volumes: [{ name: "ram", emptyDir: { medium: "" } }] } } });
  const made = await createAndStart(disk, await specOf(), () => undefined, signal);
  assert.match(failure(made, "setting-unusable").detail, /memory/);
});

test("a claim is made once, used by the next pod, and removed with the copy of the project", async () => {
  const own = engineWith({ workspace: { size: "1Gi" }, startTimeoutMs: 4_000 });
  const spec = await specOf();
  // this cluster has nothing that makes volumes
  const waits = failure(await createAndStart(own, spec, () => undefined, signal), "container-start");
  assert.match(waits.detail, /unbound .*PersistentVolumeClaim/);
  const user = value(await own.lookUp(spec.image, spec.user));
  const claims: unknown[] = [];
  for (let turn = 0; turn < 2; turn++) {
    value(await own.create(spec, user));
    const state = value(await own.inspect(spec.name));
    claims.push(state.state === "absent" ? undefined : state.workspace);
    value(await own.remove(spec.name));
    await until(async () => value(await own.inspect(spec.name)).state === "absent");
  }
  assert.match(String(claims[0]), /^tz-test-/);
  assert.is(claims[0], claims[1]);
  const known = async (): Promise<string> =>
    (await kubectl(["get", "pvc", "-n", space.name, "-o", "name"])).stdout;
  assert.match(await known(), String(claims[0]));
  value(await own.removeCopy(spec));
  await until(async () => (await known()) === "");
});

test("a cluster that is not there, a context and a namespace that do not exist have clear failures", async () => {
  assert.is(
    failure(await engineWith({ context: "nope" }).inspect("x"), "engine-unavailable").why,
    "configuration",
  );
  const config = process.env["KUBECONFIG"];
  process.env["KUBECONFIG"] = await space.kubeconfig("https://127.0.0.1:1");
  try {
    const found = failure(await engineWith().inspect("x"), "engine-unavailable");
    assert.equal([found.why, /refused/.test(found.detail)], ["not-answering", true]);
  } finally {
    process.env["KUBECONFIG"] = config;
  }
  const elsewhere = engineWith({ namespace: "not-there" });
  assert.is(failure(await elsewhere.inspect("x"), "engine-unavailable").why, "permission");
  process.env["TAZPOD_KUBECTL"] = `${await newFolder("none")}/kubectl`;
  assert.is(failure(await engineWith().version(), "engine-unavailable").why, "missing");
  process.env["TAZPOD_KUBECTL"] = kubectlPrograms[0];
});

test("a pod that this host has found before is not asked for again, and one shell in it runs what needs no stdin", async () => {
  const spec = await make();
  await running(spec);
  const before = (await requestsOf(space.user)).length;
  const own = engineWith();
  for (let round = 0; round < 3; round++) {
    assert.is(value(await own.inspect(spec.name)).state, "running");
    assert.is(value(await own.exec(spec.name, ["sh", "-c", "exit 3"], { user: "tazpod" })).code, 3);
  }
  const seen = async (): Promise<readonly string[]> =>
    (await requestsOf(space.user)).slice(before).filter((request) => !request.startsWith("get /"));
  // the shell is logged when it ends
  await until(async () => (await seen()).length > 1);
  assert.equal(await seen(), ["get pods 200", "create pods/exec 101"]);
});

test("a pod that was deleted elsewhere is not remembered, and neither is one that another took the place of", async () => {
  const spec = await make();
  await running(spec);
  const listed = (await kubectl(["get", "pods", "-n", space.name, "-o", "name"])).stdout.split("\n");
  const pod = listed.find((name) => name.startsWith(`pod/${spec.name}-`)) ?? "";
  for (const own of [engineWith(), engine]) {
    value(await own.inspect(spec.name));
    value(await own.exec(spec.name, ["true"], { user: "tazpod" }));
  }
  await kubectl(["delete", "-n", space.name, pod, "--grace-period=1"]);
  for (const own of [engine, engineWith()]) {
    assert.is(value(await own.inspect(spec.name)).state, "absent");
    assert.match(value(await own.exec(spec.name, ["true"], { user: "tazpod" })).stderr, /is not running/);
  }
  const another = engineWith();
  value(await another.create(spec, value(await another.lookUp(spec.image, spec.user))));
  value(await another.start(spec.name));
  assert.is(value(await engine.exec(spec.name, ["true"], { user: "tazpod" })).code, 0);
  assert.is(value(await engine.inspect(spec.name)).state, "running");
});

test.run();
