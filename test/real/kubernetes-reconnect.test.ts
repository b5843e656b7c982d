// needs: kubernetes
// time limit: 300 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cuttingProxy } from "../fake/cutting-proxy.js";
import { Host, passphrase, quick, removeHosts } from "../rig/host.js";
import { apiServer, kubectl, kubectlPrograms, sessionNamespace } from "../rig/kubernetes.js";

// A shell whose connection is cut, with each kubectl.

const proxy = await cuttingProxy(await apiServer());
const space = await sessionNamespace({ server: proxy.url });

test.after(async () => {
  await removeHosts();
  await proxy.close();
});

const settings = `${quick}session: { autosave: off }\n`;

for (const program of kubectlPrograms) {
  test(`a shell that loses its connection can be opened again, with everything in the pod (${program})`, async () => {
    process.env["TAZPOD_KUBECTL"] = program;
    const host = await Host.make({ more: settings });
    const pty = host.pty("enter");
    await pty.expect(/Create one\?.*\[Y\/n\]/s);
    pty.line("y");
    await pty.secret(/Passphrase for the new vault .*:/, passphrase);
    await pty.secret(/Repeat it .*:/, passphrase);
    await pty.expect("The vault is open in");
    pty.line("echo kept > ~/secrets/key; sleep 4711 & echo be''gun");
    await pty.expect("begun");
    proxy.cut();
    await pty.expect(/The connection to .* was lost.*Open a new shell\? \[Y\/n\]/s);
    pty.line("y");
    await pty.expect(/workspace [$] /);
    pty.line("cat ~/secrets/key; cat /proc/[0-9]*/cmdline | grep -q 471[1] || echo none left; exit 5");
    assert.is(await pty.ended, 5, pty.screen);
    assert.match(pty.screen, /kept\s+none left/);
    assert.match(pty.screen, "Vault locked");
    assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept\n");
  });
}

test("a shell is not opened again with a no, nor in another pod: what was saved is there", async () => {
  const host = await Host.make({ more: settings });
  assert.is((await host.enter("echo saved > ~/secrets/key")).code, 0);
  const pty = host.pty("run", "--passphrase-file", host.passphraseFile, "--yes=unlock", "enter");
  await pty.expect(/workspace [$] /);
  proxy.cut();
  await pty.expect("Open a new shell? [Y/n]");
  pty.line("n");
  assert.is.not(await pty.ended, 0);
  assert.match(pty.screen, "Vault locked");

  const second = host.pty("run", "--passphrase-file", host.passphraseFile, "--yes=unlock", "enter");
  await second.expect(/workspace [$] /);
  await kubectl(["delete", "-n", space.name, "pods", "--all", "--grace-period=1", "--wait=false"]);
  assert.is.not(await second.ended, 0);
  assert.match(second.screen, "is no longer running");
  assert.not.match(second.screen, "Open a new shell");
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "saved\n");
});

test.run();
