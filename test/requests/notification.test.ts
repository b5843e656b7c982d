// needs: dbus-daemon, Xvfb, notify-send, dunst
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { notifyOfRequest } from "../../lib/requests/notification.js";
import { newFolder } from "../rig/folder.js";
import { fine, run } from "../rig/host.js";
import { madeRequest } from "../rig/request-session.js";
import { until } from "../rig/until.js";

// Notifications on a real session bus and a real desktop: dunst on Xvfb.

const started: ChildProcess[] = [];
const env = { ...process.env };

test.before.each(() => {
  for (const name of ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"]) delete process.env[name];
  process.env["PATH"] = env["PATH"];
});

test.after(() => {
  for (const child of started.toReversed()) child.kill();
  Object.assign(process.env, env);
});

/** Starts a program and returns the first line that it prints. */
async function firstLine(program: string, ...args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", (code) => reject(new Error(`${program}: exit ${code}`)));
    child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
  });
}

interface Shown {
  readonly summary: { readonly data: string };
  readonly body: { readonly data: string };
  readonly appname: { readonly data: string };
}

/** Returns what the desktop has shown, the newest first, and closes it. */
async function shown(): Promise<readonly Shown[]> {
  fine(await run("dunstctl", ["close-all"]));
  const { stdout } = fine(await run("dunstctl", ["history"]));
  return (JSON.parse(stdout) as { readonly data: readonly (readonly Shown[])[] }).data[0] ?? [];
}

test("a notification names project, parts and the first words, without markup, escapes or the reason", async () => {
  process.env["DISPLAY"] = `:${await firstLine("Xvfb", "-displayfd", "1", "-nolisten", "tcp")}`;
  const args = ["--session", "--nofork", "--print-address"];
  process.env["DBUS_SESSION_BUS_ADDRESS"] = await firstLine("dbus-daemon", ...args);
  const config = join(await newFolder("dunst"), "dunstrc");
  await writeFile(config, "[global]\n");
  started.push(spawn("dunst", ["-config", config], { stdio: "ignore" }));
  await until(async () => (await run("dunstctl", ["count"])).code === 0, 20);
  const argv = [
    "echo",
    '<b>bold</b> <a href="x">&',
    String.raw`\n\\`,
    "\u001b[2J\u202e\n",
    "x".repeat(100_000),
  ];
  const request = madeRequest("k7p2", { parts: ["prod", "<i>"], argv, why: "the reason" });
  await notifyOfRequest(request, "/home/jane/-lab<b>");
  await until(async () => (await shown()).length > 0, 20);
  const [found] = await shown();
  assert.is(found?.appname.data, "tazpod");
  assert.is(found?.summary.data, "-lab<b>: a program asks for prod, <i>");
  const cleaned =
    String.raw`echo &lt;b&gt;bold&lt;/b&gt; &lt;a href="x"&gt;&amp; \n\\ ` + "\ufffd[2J\ufffd\ufffd x";
  assert.match(found?.body.data ?? "", new RegExp(`^${cleaned.replaceAll(/[\\[\]]/g, "\\$&")}{20,60}…\n`));
  assert.match(found?.body.data ?? "", "\n`tazpod requests` shows and answers it.");
  assert.not.match(JSON.stringify(found), "the reason");
});

/** A notify-send that runs these lines; returns the file that it may write. */
async function fakeProgram(lines: string): Promise<string> {
  const folder = await newFolder("bin");
  await writeFile(join(folder, "notify-send"), `#!/bin/sh\n${lines}\n`);
  await chmod(join(folder, "notify-send"), 0o755);
  process.env["PATH"] = `${folder}${delimiter}${env["PATH"]}`;
  return join(folder, "notify-send.called");
}

const called = async (file: string): Promise<boolean> => (await run("test", ["-e", file])).code === 0;

test("without a session bus nothing is started; the bus in XDG_RUNTIME_DIR counts", async () => {
  const file = await fakeProgram('touch "$0.called"');
  await notifyOfRequest(madeRequest("k7p2"), "/home/jane/lab");
  const folder = await newFolder("runtime");
  process.env["XDG_RUNTIME_DIR"] = folder;
  await notifyOfRequest(madeRequest("k7p2"), "/home/jane/lab");
  assert.not.ok(await called(file));
  const server = createServer().listen(join(folder, "bus"));
  await new Promise((resolve) => server.once("listening", resolve));
  await notifyOfRequest(madeRequest("k7p2"), "/home/jane/lab");
  assert.ok(await called(file));
  server.close();
});

test("a notify-send that is missing, fails, prints without end or never ends does no harm", async () => {
  process.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere";
  await notifyOfRequest(madeRequest("k7p2", { parts: [], argv: ["a\u0000b"] }), "/home/jane/lab");
  for (const lines of ["exit 1", "exec yes", "trap '' TERM\nwhile :; do sleep 1; done"]) {
    await fakeProgram(lines);
    const begun = Date.now();
    await notifyOfRequest(madeRequest("k7p2"), "/home/jane/lab");
    assert.ok(Date.now() - begun < 4_000, lines);
  }
  process.env["PATH"] = await newFolder("empty");
  await mkdir(join(process.env["PATH"] ?? "", "notify-send"));
  await notifyOfRequest(madeRequest("k7p2"), "/home/jane/lab");
});

test.run();
