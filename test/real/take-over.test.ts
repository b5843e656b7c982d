// needs: engine, script
// time limit: 300 s
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openEngine } from "../../lib/engine/choose-engine.js";
import { containerStart } from "../../lib/secrets-folder/open-record.js";
import { newFolder } from "../rig/folder.js";
import { engineName, Host, quick, removeHosts } from "../rig/host.js";
import { namesIn } from "../rig/names-in.js";
import { value } from "../rig/result.js";
import { fixture } from "../rig/root.js";

// A project that was last used by an older tazpod, which kept its state in .tazpod/vault. The fixtures are from such a
// version, with a placeholder for the remote's address.

test.after(removeHosts);

const parts = `${quick}parts: { prod: { paths: prod, open: on-request } }\n`;

/** The project with its vault closed and pushed to the remote. */
async function closedBefore(): Promise<Host> {
  const usb = await newFolder("usb");
  const remote = `file://${usb}/vault.tar.aes`;
  const host = await Host.make({ remote, more: parts });
  await mkdir(host.path(".tazpod", "vault"), { mode: 0o700 });
  for (const folder of [host.vault, `${usb}/vault.tar.aes`])
    await copyFile(fixture("before-0.2", "vault.tar.aes"), folder);
  const state = await readFile(fixture("before-0.2", "state.json"), "utf8");
  await writeFile(host.path(".tazpod", "vault", "state.json"), state.replace("REMOTE", remote));
  await writeFile(host.path(".tazpod", "vault", "engine"), `${engineName}\n`);
  return host;
}

/** Takes the old state over: a person knows that it is not of a clone. */
async function takeOver(host: Host): Promise<void> {
  const pty = host.pty("status");
  await pty.expect("Take it over?");
  pty.line("y");
  await pty.ended;
}

const left = (host: Host): Promise<string[]> => readdir(host.path(".tazpod", "vault"));

test("a closed vault: nothing counts as unpushed, it opens, and the old state is moved out of the project's folder", async () => {
  const host = await closedBefore();
  await takeOver(host);
  const seen = await host.enter("cat ~/secrets/key; ls ~/secrets");
  assert.is(seen.code, 0, seen.stderr);
  assert.is(seen.stdout, "kept\nkey\n");
  assert.not.match(seen.stderr, /Not pushed|push/);
  assert.equal(await left(host), ["vault.tar.aes"]);
  assert.equal((await namesIn(host.vault)).toSorted(), ["key", "prod", "prod/key"]);
});

test("an open vault is joined without a passphrase, unsaved work is saved, and closed parts stay as they are", async () => {
  const host = await closedBefore();
  assert.is((await host.run("ensure-container")).code, 0);
  // as the older version left it since this start of the container
  const state = value(await (await openEngine(engineName)).inspect(host.container));
  const mark = (await readFile(fixture("before-0.2", "mark.json"), "utf8")).trim();
  await host.inside(
    `cd ~/secrets && mkdir .tazpod && printf '%s\\n' '${mark}' > .tazpod/open && printf 'kept\\n' > key && chmod 644 key && echo unsaved > work`,
  );
  const before = await closedBefore();
  for (const name of ["state.json", "vault.tar.aes"])
    await copyFile(before.path(".tazpod", "vault", name), host.path(".tazpod", "vault", name));
  const record = { version: 1, run: containerStart(state) };
  await writeFile(host.path(".tazpod", "vault", "open.json"), JSON.stringify(record));
  // this host has no state of the project yet
  await host.forgetState();
  await takeOver(host);
  const joined = await host.tazpod("enter", "--", "sh", "-c", "cat ~/secrets/work");
  assert.is(joined.stdout, "unsaved\n", joined.stderr);
  const done = await host.run("lock");
  assert.is(done.code, 0, done.stderr);
  assert.is(await host.secrets(), "");
  assert.equal((await namesIn(host.vault)).toSorted(), ["key", "prod", "prod/key", "work"]);
  const all = await host.enter("cat ~/secrets/prod/key", "--part", "all");
  assert.is(all.stdout, "closed\n", all.stderr);
});

test("the old state is taken over once: state files that appear later in the project's folder are ignored", async () => {
  const host = await closedBefore();
  await takeOver(host);
  assert.is((await host.enter("true")).code, 0);
  await writeFile(host.path(".tazpod", "vault", "state.json"), '{"version":1}');
  assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
  assert.equal((await left(host)).toSorted(), ["state.json", "vault.tar.aes"]);
});

test("links and other non-regular files are not taken over", async () => {
  const host = await closedBefore();
  const planted = `${await newFolder("planted")}/secret`;
  await writeFile(planted, "not of the project");
  await symlink(planted, host.path(".tazpod", "vault", "workspace.json"));
  const refused = await host.enter("true");
  assert.is(refused.code, 1);
  assert.match(refused.stderr, /workspace\.json.*only regular files/);
  await rm(host.path(".tazpod", "vault", "workspace.json"));
  await takeOver(host);
  assert.is((await host.enter("true")).code, 0);
  // in a pod the project is a copy, which has such a file of its own
  if (engineName === "kubernetes")
    assert.not.match(await readFile(host.state("workspace.json"), "utf8"), "not of the project");
  else assert.not.ok((await readdir(host.state())).includes("workspace.json"));
  assert.is(await readFile(planted, "utf8"), "not of the project");
});

test.run();
