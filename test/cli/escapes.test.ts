// needs: engine, script, tar
import { appendFile, chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { newFolder } from "../rig/folder.js";
import { type Ended, Host, removeHosts } from "../rig/host.js";
import { sha256Of } from "../rig/sha256.js";

// Escape sequences in everything that tazpod quotes: none may reach the terminal.

/** Clears the screen, sets the window's title, switches to right-to-left, hides text, and has the C1 form of ESC [. */
const hostile = "\u001b[2J\u001b]0;owned\u0007\u202e\u200b\u009b1m";
const shown = "\ufffd[2J\ufffd]0;owned\ufffd\ufffd\ufffd\ufffd1m";

test.after(removeHosts);

// oxlint-disable-next-line no-control-regex
const driving = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/;

/** Fails if the output contains a terminal control character. */
function clean({ stdout, stderr }: Ended, what: string): void {
  assert.not.match(stdout + stderr, driving, what);
}

test("the writer's name in a remote's metadata cannot control the terminal or forge a line of output", async () => {
  const remote = join(await newFolder("remote"), "vault.tar.aes");
  await chmod(join(remote, ".."), 0o777);
  const host = await Host.make({ remote: `{ url: "file://${remote}" }`, more: "vault: { format: v1 }\n" });
  const first = await host.enter("echo a > ~/secrets/a");
  assert.is(first.code, 0, first.stderr);
  await appendFile(remote, "\0");
  const etag = await sha256Of(remote);
  const notes = JSON.parse(await readFile(`${remote}.meta.json`, "utf8")) as { writes: object[] };
  const writer = `${hostile}\nVault saved`;
  const written = { ...notes.writes[0], etag, host: writer, writeId: "x", generation: 50, sha256: etag };
  await writeFile(`${remote}.meta.json`, JSON.stringify({ version: 1, writes: [written] }));
  for (const argv of [["status"], ["history"], ["plan", "enter"], ["history", "--json"], ["doctor"]]) {
    const done = await host.tazpod(...argv);
    clean(done, argv.join(" "));
    assert.not.match(done.stdout + done.stderr, /^Vault saved/m);
  }
  const pile = await newFolder("pile");
  await host.tazpod("vault", "import", "--force", pile, "--passphrase-file", host.passphraseFile);
  const pty = host.pty("push", "--yes");
  await pty.ended;
  assert.match(pty.screen, `${shown}\ufffdVault saved`);
});

test("file names in a vault cannot control the terminal, and --json prints them exactly", async () => {
  const host = await Host.make({ remote: "none", more: "vault: { format: v1 }\n" });
  const pile = await newFolder("pile");
  await writeFile(join(pile, `${hostile}\nname`), "x");
  const secret = ["--passphrase-file", host.passphraseFile];
  clean(await host.tazpod("vault", "import", pile, ...secret), "import");
  const listed = await host.tazpod("vault", "ls", ...secret);
  clean(listed, "ls");
  assert.match(listed.stdout, `${shown}\ufffdname\n`);
  const json = await host.tazpod("vault", "ls", "--json", ...secret);
  clean(json, "ls --json");
  const { entries } = JSON.parse(json.stdout) as { entries: { path: string }[] };
  assert.ok(entries.some(({ path }) => path === `${hostile}\nname`));
  const opened = await host.run("unlock");
  assert.is(opened.code, 0, opened.stderr);
  await host.inside(
    `cd ~/secrets; mkfifo "$(printf 'pipe\\033[2J')"; echo y > "$(printf 'new\\302\\2331m')"`,
  );
  const differs = await host.tazpod("vault", "diff", "--skip-unreadable", ...secret);
  clean(differs, "diff");
  assert.match(differs.stdout, "+ new\ufffd1m");
  clean(await host.run("save"), "save of a fifo");
  clean(await host.run("--skip-unreadable", "save"), "save without a fifo");
  clean(await host.run("--discard", "lock"), "lock");
});

test("the config, the recipe and the project's file names cannot control the terminal, even on a pty", async () => {
  const host = await Host.make({ remote: "none", more: `env: { NOTE: ${JSON.stringify(hostile)} }\n` });
  const quoted = JSON.stringify(hostile);
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    `version: 1
tasks:
  one: { new: true, desc: ${quoted}, cmds: [["true"]] }
  two: { new: true, desc: Two, preconditions: [{ check: { env: NOT_SET }, msg: ${quoted} }], cmds: [["true"]] }
`,
  );
  for (const argv of [["trust", "--show"], ["trust", "--show", "--json"], ["list"], ["list", "--json"]])
    clean(await host.tazpod(...argv), argv.join(" "));
  const pty = host.pty("run", "one", "--yes");
  await pty.ended;
  assert.match(pty.screen, shown);
  const refused = await host.tazpod("run", "two", "--yes");
  assert.match(refused.stderr, shown);
  clean(refused, "msg");
  clean(await host.tazpod("run", "two", "--yes", "--json"), "msg in JSON");
  await writeFile(host.path("tazpod.tasks.yaml"), `version: 1\n${quoted}: 1\n`);
  clean(await host.tazpod("list"), "an unknown key");
  const odd = `${host.folder}${hostile}`;
  await rename(host.folder, odd);
  await mkdir(host.folder);
  for (const argv of [["status"], ["status", "--short"], ["status", "--json"], ["doctor"]])
    clean(await host.tazpod("--project", odd, ...argv), argv.join(" "));
});

test("an engine's error message cannot control the terminal", async () => {
  const host = await Host.make({ remote: "none", more: "engine: docker\n" });
  const programs = await newFolder("bin");
  await writeFile(
    join(programs, "docker"),
    `#!/bin/sh\nprintf 'bad\\033[2J\\302\\2331mnews\\n' >&2\nexit 1\n`,
  );
  await chmod(join(programs, "docker"), 0o755);
  Object.assign(host.env, { PATH: `${programs}:${process.env["PATH"]}`, TAZPOD_ENGINE: "docker" });
  const done = await host.enter("true");
  assert.is.not(done.code, 0);
  assert.match(done.stderr, "bad\ufffd[2J\ufffd1mnews");
  clean(done, "an engine's error");
  const json = await host.run("--json", "ensure-container");
  clean(json, "an engine's error in JSON");
  assert.match((JSON.parse(json.stdout) as { failure: { message: string } }).failure.message, "bad\u001b[2J");
});

test.run();
