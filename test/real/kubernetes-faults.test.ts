// needs: kubernetes
// time limit: 900 s
// runs alone on: kubernetes
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { Host, fine, quick, removeHosts, type Ended } from "../rig/host.js";
import { clusterPart, kubectl, processIds, processesInPods, sessionNamespace } from "../rig/kubernetes.js";
import { until } from "../rig/until.js";

// Sessions while parts of the cluster are killed: nothing that was saved is lost, and the next `enter` has the rest.
// After each end of the API server, the scheduler and the kubelet ask for pods ever less often: a start may take minutes.

const space = await sessionNamespace();

test.after(removeHosts);

async function newHost(): Promise<Host> {
  const remote = pathToFileURL(join(await newFolder("remote"), "vault.tar.aes")).href;
  return Host.make({
    remote,
    more: `${quick}session: { autosave: off }\n`,
  });
}

/** Fails unless a command failed and said what to do now. */
function reported(done: Ended): void {
  assert.is.not(done.code, 0, done.stderr);
  assert.ok(/`tazpod enter`/.test(done.stderr), done.stderr);
}

/** Waits until a session has written a file of the vault; fails with what it said if it ends, or has not after 5 min. */
async function writes(host: Host, file: string, running: Promise<Ended>): Promise<void> {
  let now = "";
  void running.then(({ code, stderr }) => (now = `${code}: ${stderr}`));
  const listed = (): Promise<string> => host.inside("ls ~/secrets").catch((error: unknown) => String(error));
  await until(
    async () => now !== "" || (await listed()).split("\n").includes(file),
    300,
    () => now,
  );
  assert.is(now, "");
}

/**
 * Kills the API server while a program with these arguments is at work in a pod, for the `turn`th time, and starts it
 * again when `work` has ended. Fails with the result of `work` if that ends before.
 */
async function withoutServer<T>(argv: RegExp, turn: number, work: () => Promise<T>): Promise<T> {
  const earlier = await processIds();
  const running = work();
  let early: T | undefined;
  void running.then((result) => (early = result));
  const met = new Set<number>();
  const limit = Date.now() + 300_000;
  while (met.size < turn) {
    for (const [pid] of (await processesInPods(earlier)).filter(([, words]) => argv.test(words))) {
      if (met.has(pid)) continue;
      met.add(pid);
      // so that it is still at work then
      if (met.size === turn) process.kill(pid, "SIGSTOP");
    }
    const isLate = early !== undefined || Date.now() > limit;
    assert.not.ok(isLate, `${String(argv)} was met ${met.size} times; ${JSON.stringify(early)}`);
    await sleep(10);
  }
  await clusterPart("stop", "kube-apiserver");
  try {
    for (const pid of met) if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGCONT");
    return await running;
  } finally {
    await clusterPart("start", "kube-apiserver");
  }
}

const podOf = async ({ container }: Host): Promise<string> => {
  const names = (await kubectl(["get", "pods", "-n", space.name, "-o", "name"])).stdout;
  return new RegExp(`pod/(${container}-\\S+)`).exec(names)?.[1] ?? "";
};

const random = (path: string, bytes = 16_000_000): string =>
  `head -c ${bytes} /dev/urandom > ${path}; sha256sum < ${path}`;
const [unpacking, packing] = [/^tar -x .*secrets\/\.tazpod\/stage$/, /^tar -c -f - -C \S+\/secrets \.$/];

test("the API server is killed while the vault is opened, and while it is saved", async () => {
  const host = await newHost();
  const { stdout: digest } = fine(await host.enter(random("~/secrets/big")));
  const opened = await withoutServer(unpacking, 1, () => host.enter("sha256sum < ~/secrets/big"));
  reported(opened);
  assert.is(opened.stdout, "");
  assert.is(fine(await host.enter("sha256sum < ~/secrets/big")).stdout, digest);

  // it is read once to know whether anything changed, and once to be saved
  for (const turn of [1, 2]) {
    const file = `~/secrets/late-${turn}`;
    const saved = await withoutServer(packing, turn, () => host.enter(random(file)));
    reported(saved);
    assert.not.match(saved.stderr, "Vault saved");
    assert.is(fine(await host.enter(`sha256sum < ${file}`)).stdout, saved.stdout);
  }
  const listed = await host.tazpod("vault", "ls", "--passphrase-file", host.passphraseFile);
  for (const name of ["big", "late-1", "late-2"]) assert.match(fine(listed).stdout, name);
});

test("the API server is killed while the project's changes are carried back", async () => {
  const host = await newHost();
  // packing it takes long enough to be met
  const carried = random("back", 60_000_000);
  const done = await withoutServer(/^tar -c -f - \.\/back$/, 1, () => host.enter(carried));
  reported(done);
  assert.not.ok(existsSync(host.path("back")));
  fine(await host.enter("true"));
  const digest = createHash("sha256")
    .update(await readFile(host.path("back")))
    .digest("hex");
  assert.is(`${digest}  -\n`, done.stdout);
});

test("the API server is killed under a shell, which is opened again when it answers", async () => {
  const host = await newHost();
  fine(await host.enter("echo saved > ~/secrets/a"));
  const pty = host.pty("run", "--yes=unlock", "--passphrase-file", host.passphraseFile, "enter");
  await pty.expect("The vault is open in");
  pty.line("echo unsaved > ~/secrets/b; echo kept > b; echo written");
  await pty.expect(/^written/m);
  await clusterPart("stop", "kube-apiserver");
  try {
    await pty.expect("Waiting up to 2 min for an answer");
  } finally {
    await clusterPart("start", "kube-apiserver");
  }
  await pty.expect("Open a new shell? [Y/n]");
  pty.line("y");
  await pty.expect(/workspace [$] /);
  pty.line("cat ~/secrets/* b; exit 6");
  assert.is(await pty.ended, 6, pty.screen);
  assert.match(pty.screen, /saved\s+unsaved\s+kept/);
  assert.match(pty.screen, "Vault saved");
  assert.is(await readFile(host.path("b"), "utf8"), "kept\n");
});

test("the kubelet is killed under a command", async () => {
  const host = await newHost();
  const running = host.enter("echo unsaved > ~/secrets/a; sleep 600");
  await writes(host, "a", running);
  await clusterPart("stop", "kubelet");
  try {
    reported(await running);
  } finally {
    await clusterPart("start", "kubelet");
  }
  assert.is(fine(await host.enter("cat ~/secrets/a")).stdout, "unsaved\n");
});

test("a pod is evicted under a command", async () => {
  const host = await newHost();
  fine(await host.enter("echo saved > ~/secrets/a"));
  const running = host.enter("echo lost > ~/secrets/b; sleep 600");
  await writes(host, "b", running);
  const name = await podOf(host);
  const eviction = {
    apiVersion: "policy/v1beta1",
    kind: "Eviction",
    metadata: { name, namespace: space.name },
  };
  const path = `/api/v1/namespaces/${space.name}/pods/${name}/eviction`;
  const asked = await kubectl(["create", "--raw", path, "-f", "-"], JSON.stringify(eviction));
  assert.is(asked.code, 0, asked.stderr);
  const done = await running;
  assert.is.not(done.code, 0);
  assert.match(done.stderr, /is no longer running/);
  assert.is(fine(await host.enter("cat ~/secrets/*")).stdout, "saved\n");
});

test.run();
