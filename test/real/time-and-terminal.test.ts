// needs: docker, script, root, unshare
// time limit: 300 s
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, Host, quick, removeHosts, run } from "../rig/host.js";
import { underShell } from "../rig/under-shell.js";
import { withSealed } from "../rig/with-vault.js";

// The test image has neither time zones nor descriptions of terminals.

test.after(removeHosts);

test("the shell has the host's time zone, from /etc/localtime, in an image without time zones", async () => {
  const host = await Host.make({ more: quick });
  const zone = join(await newFolder("zone"), "localtime");
  await copyFile("/usr/share/zoneinfo/Asia/Tokyo", zone);
  const enter = ["enter", "--yes", "--passphrase-file", host.passphraseFile, "--", "date", "+%H %Z"];
  // a mount over the link itself is one over its target
  const script = 'mount --bind "$1" "$(readlink -f /etc/localtime)" && shift && exec "$@"';
  const argv = ["--mount", "sh", "-c", script, "sh", zone, process.execPath, bin, ...enter];
  const { code, stdout, stderr } = await run("unshare", argv, {
    cwd: host.folder,
    env: { ...host.env, TZ: "" },
  });
  assert.is(code, 0, stderr);
  const hour = String((new Date().getUTCHours() + 9) % 24).padStart(2, "0");
  assert.match(
    stdout,
    new RegExp(`^(${hour}|${String((Number(hour) + 23) % 24).padStart(2, "0")}) JST$`, "m"),
  );
});

test("a zone that the user sets is kept, by name or by rule", async () => {
  const host = await Host.make({ more: `${quick}env: { TZ: "XYZ-3" }\n` });
  assert.is((await host.enter("date +%Z")).stdout, "XYZ\n");
});

test("TERM falls back to one that the container describes, and stays where it describes none", async () => {
  const host = await withSealed("none", undefined, quick);
  assert.is((await host.run("ensure-container")).code, 0);
  host.env["TERM"] = "xterm-kitty";
  const terms: string[] = [];
  for (const described of ["none", "xterm", "xterm xterm-256color", "xterm-kitty xterm"]) {
    if (described !== "none")
      await host.inside(`mkdir -p ~/.terminfo/x && cd ~/.terminfo/x && rm -f * && touch ${described}`);
    const { pty, left } = await underShell(host, "enter", "--yes", "--passphrase-file", host.passphraseFile);
    await pty.expect("$ ");
    pty.line('echo "it is ""[$TERM]"; exit 0');
    assert.is(await left(), 0, pty.screen);
    terms.push(/it is \[(.*?)\]/.exec(pty.screen)?.[1] ?? "");
  }
  assert.equal(terms, ["xterm-kitty", "xterm", "xterm-256color", "xterm-kitty"]);
});

test.run();
