// needs: kubernetes
// time limit: 120 s
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { Host, bin, fine, podSettings, quick, removeHosts, run } from "../rig/host.js";
import { kubectl, processIds, sessionNamespace } from "../rig/kubernetes.js";
import { until } from "../rig/until.js";
import { kubeFolder } from "../runner/services.js";

// Where the secrets of a session in a pod must not be.

const space = await sessionNamespace();

test.after(removeHosts);

async function newHost(): Promise<Host> {
  const remote = pathToFileURL(join(await newFolder("remote"), "vault.tar.aes")).href;
  return Host.make({ remote, more: `${quick}kubernetes: { ${podSettings}, start_timeout: 120s }\n` });
}

/** All processes of this machine, which is the cluster's node. */
async function processes(): Promise<(readonly [pid: string, argv: string])[]> {
  return Promise.all(
    [...(await processIds())].map(
      async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")] as const,
    ),
  );
}

/** Which of these texts are in a place, each under its name. The texts are in no argument of what looks for them. */
type Look = (texts: ReadonlyMap<string, string>) => Promise<readonly string[]>;

const inText =
  (read: () => Promise<string>): Look =>
  async (texts) => {
    const all = await read();
    return [...texts].flatMap(([name, text]) => (all.includes(text) ? [name] : []));
  };

/** The folder as the cluster's processes see it, which have mounts of their own. */
const inFolder =
  (folder: string): Look =>
  async (texts) => {
    const part = (await processes()).find(([, argv]) => argv.includes(join(kubeFolder, "etcd/data")));
    const root = `/proc/${part?.[0]}/root`;
    const found = [...texts].map(async ([name, text]) => {
      const { code } = await run("grep", ["-rqaF", "-f", "-", join(root, kubeFolder, folder)], {
        input: text,
      });
      return code === 0 ? [name] : [];
    });
    return (await Promise.all(found)).flat();
  };

const places: Readonly<Record<string, Look>> = {
  "arguments of processes": inText(async () => (await processes()).join("\n")),
  "pods and events": inText(
    async () => (await kubectl(["get", "pods,events", "-n", space.name, "-o", "json"])).stdout,
  ),
  "logs of the cluster": inFolder("log"),
  "files of etcd": inFolder("etcd"),
};

test("secrets are in no argument of a process, no pod and event, no log and no file of etcd", async () => {
  const host = await newHost();
  const word = (): string => randomBytes(16).toString("hex");
  const secrets = new Map([
    ["a file", word()],
    ["a variable", word()],
    ["the passphrase", word()],
  ]);
  const planted = new Map([["planted", word()]]);
  await writeFile(host.passphraseFile, `${secrets.get("the passphrase")}\n`);
  fine(await host.enter("true"));
  const { folder: cwd, env } = host;
  for (const name of ["a file", "a variable"]) {
    const set = [bin, "vault", "set", name, "--passphrase-file", host.passphraseFile];
    fine(await run(process.execPath, set, { cwd, env, input: secrets.get(name) ?? "" }));
  }
  const waits =
    'test "${#KEY}" = 32 && wc -c < "$HOME/secrets/a file" && while [ ! -e /tmp/end ]; do sleep 0.2; done';
  const running = host.enter(waits, "--env", "KEY=a variable");
  await until(async () => (await host.inside("ps")).includes("/tmp/end"));

  // what is there is found
  const { metadata } = JSON.parse((await kubectl(["get", "pods", "-n", space.name, "-o", "json"])).stdout)
    .items[0] as { metadata: { name: string } };
  const text = planted.get("planted") ?? "";
  fine(await kubectl(["annotate", "-n", space.name, "pod", metadata.name, `planted=${text}`]));
  fine(await kubectl(["get", "--raw", `/api/v1/namespaces/${space.name}/pods?labelSelector=a-${text}`]));
  const marked = spawn("sh", ["-c", "sleep 60; :", text], { stdio: "ignore" });
  for (const [place, look] of Object.entries(places)) {
    assert.equal(await look(planted), ["planted"], place);
    assert.equal(await look(secrets), [], place);
  }
  marked.kill();
  await host.inside("touch /tmp/end");
  assert.is(fine(await running).stdout, "32\n");
  for (const [place, look] of Object.entries(places)) assert.equal(await look(secrets), [], place);
});

test.run();
