// needs: kubernetes
// time limit: 240 s
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { packageRoot } from "../../lib/host/package-root.js";
import { newFolder } from "../rig/folder.js";
import { Host, bin, fine, podSettings, quick, removeHosts } from "../rig/host.js";
import { kubectl, sessionNamespace } from "../rig/kubernetes.js";
import { until } from "../rig/until.js";

// Idle pods.

const space = await sessionNamespace();

test.after(removeHosts);

const prod = "parts:\n  prod: { paths: [prod], open: on-request }\n";
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(packageRoot, "schema", "status.schema.json"), "utf8")),
);

/** The namespace's pods that are not being deleted: name and phase. */
async function pods(): Promise<string> {
  const columns =
    'go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{.status.phase}}{{"\\n"}}{{end}}{{end}}';
  return (await kubectl(["get", "pods", "-n", space.name, "-o", columns])).stdout;
}

/** Starts tazpod; returns once its program has said `ready`, with a function that kills tazpod. */
async function begin(host: Host, ...args: readonly string[]): Promise<() => Promise<void>> {
  const words = [bin, "run", "--yes", "--passphrase-file", host.passphraseFile, ...args];
  const child = spawn(process.execPath, words, {
    cwd: host.folder,
    env: { ...process.env, ...host.env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  await until(async () => said.includes("ready"));
  return async () => {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
  };
}

test("down --idle leaves what is in use and says why; a vault without a tazpod is closed from inside", async () => {
  const host = await Host.make({
    more: `${quick}${prod}session: { autosave: 1s, unattended_lock: 2s }\n`,
  });
  const elsewhere = await Host.make(null);
  elsewhere.env["XDG_STATE_HOME"] = await newFolder("state");
  await mkdir(elsewhere.path(".tazpod"));
  await writeFile(
    elsewhere.path(".tazpod", "config.yaml"),
    await readFile(host.path(".tazpod", "config.yaml"), "utf8"),
  );
  const idle = async (from: Host): Promise<string> => fine(await from.tazpod("down", "--idle")).stderr;
  const stays = async (from: Host, why: RegExp): Promise<void> => {
    const said = await idle(from);
    assert.match(said, why, said);
  };

  const kill = await begin(
    host,
    ...["enter", "--", "sh", "-c"],
    "echo x > ~/secrets/a; while [ ! -e ~/secrets/.tazpod/saved ]; do sleep 0.2; done; echo ready; while [ ! -e /tmp/end ]; do sleep 0.3; done",
  );
  await stays(host, /stays: a shell of this host is open in it \(process \d+\)/);
  await stays(elsewhere, /stays: the vault is open in it/);
  await kill();
  await until(async () => (await host.secrets()) === "");
  await stays(host, /stays: programs run in it \(.*\d+ sh/);
  const before = await pods();
  assert.match(before, /^\S+ Running\n$/);

  const json: unknown = JSON.parse(fine(await host.tazpod("status", "--json")).stdout);
  assert.ok(validate(json), JSON.stringify(validate.errors));
  const [listed] = (json as { readonly pods: readonly Readonly<Record<string, unknown>>[] }).pods;
  assert.equal(
    [`${String(listed?.["name"])} ${String(listed?.["state"])}\n`, listed?.["own"], listed?.["helper"]],
    [before, true, false],
  );
  const local = "kubernetes: { owner: other }\n";
  await writeFile(elsewhere.path(".tazpod", "config.local.yaml"), local);
  const { stdout } = fine(await elsewhere.tazpod("status"));
  assert.match(stdout, /\npods:\n {2}tz-\S+ {2}\w+ {2}Running {2}just now\n/);

  await host.inside("touch /tmp/end");
  await until(async () => !(await idle(host)).includes("stays"));
  assert.is(await pods(), "");
});

test("a pod ends after time_to_live, and the next enter makes another and says so", async () => {
  const host = await Host.make({ more: `${quick}kubernetes: { ${podSettings}, time_to_live: 3s }\n${prod}` });
  fine(await host.enter("mkdir ~/secrets/prod; echo p > ~/secrets/prod/p; echo x > ~/secrets/a"));
  await until(async () => (await pods()).endsWith(" Succeeded\n"));
  const done = fine(await host.enter("cat ~/secrets/a"));
  assert.is(done.stdout, "x\n");
  assert.match(
    done.stderr,
    "The last container has ended: no program ran in it for 3s (kubernetes.time_to_live)",
  );

  const kill = await begin(host, "with", "prod", "--", "sh", "-c", "echo ready; sleep 600");
  assert.match(
    (await host.tazpod("status")).stdout,
    /-with-\S+ .*Running .*used by this host, of `run with`/,
  );
  await kill();
  await until(async () => !(await pods()).includes("Running"));
  fine(await host.tazpod("down", "--idle"));
  assert.is(await pods(), "");
});

test.run();
