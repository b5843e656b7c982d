// needs: docker, root, script
import { readdir, readFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { Host, removeHosts, run } from "../rig/host.js";
import { underShell } from "../rig/under-shell.js";

// The passphrase and what is in the vault are in RAM, and nowhere else that anybody can look.

test.after(removeHosts);

// built here, so that neither is an argument of this test
const passphrase = ["a passphrase", "of this test"].join(" ");
const planted = Buffer.from("c2VjcmV0LW9mLXRoZS1ob3VzZQ==", "base64").toString();

/** Where a needle is in the arguments or environment of any process of this machine, ours left out. */
async function inProcesses(needles: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const file of ["cmdline", "environ"]) {
      const text = await readFile(`/proc/${pid}/${file}`, "latin1").catch(() => "");
      for (const needle of needles) if (text.includes(needle)) found.push(`/proc/${pid}/${file}`);
    }
  }
  return found;
}

test("neither is in any process's arguments or environment, the project, the remote, the container or the screen", async () => {
  const usb = await newFolder("usb");
  const host = await Host.make({ remote: `file://${usb}/vault.tar.aes` });
  const needles = [passphrase, planted];
  const seen: string[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) seen.push(...(await inProcesses(needles)));
  })();
  const { pty, left } = await underShell(host);
  await pty.expect("Create one?");
  pty.line("");
  await pty.secret("Passphrase for the new vault:", passphrase);
  await pty.secret("The same again:", passphrase);
  await pty.expect("$ ");
  pty.line("echo c2VjcmV0LW9mLXRoZS1ob3VzZQ== | base64 -d > ~/secrets/key; echo wri''tten");
  await pty.expect("written");
  const inspected = await run("docker", ["inspect", host.container]);
  const layer = await run("sh", ["-c", `docker export '${host.container}' > '${usb}/export.tar'`]);
  assert.is(layer.code, 0, layer.stderr);
  pty.line("exit");
  assert.is(await left(), 0, pty.screen);
  over.abort();
  await watching;
  assert.equal(seen, []);
  for (const needle of needles) {
    assert.not.match(inspected.stdout, needle);
    assert.not.match(pty.screen, needle);
    for (const folder of [host.folder, usb, `${process.env["HOME"]}`]) {
      const grep = await run("grep", ["-r", "-l", "-a", "-F", "-f", "-", folder], { input: `${needle}\n` });
      assert.is(grep.stdout, "", folder);
      assert.is(grep.code, 1, folder);
    }
  }
});

test.run();
