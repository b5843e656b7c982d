import { once } from "node:events";
import { readdir, stat, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isSocket, makeRelayFolder, relaySocket } from "../../lib/host/socket-relay.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";

/** A server that returns its input in capitals once it has all of it. */
async function shouting(): Promise<string> {
  const path = join(await newFolder("s"), "s");
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => (text += chunk.toString())).on("end", () => socket.end(text.toUpperCase()));
  });
  await once(server.listen(path), "listening");
  server.unref();
  return path;
}

async function relayFolder(): Promise<string> {
  const folder = join(await newFolder("relay"), "closed", "ssh");
  value(await makeRelayFolder(folder));
  return folder;
}

async function ask(path: string, text: string): Promise<string> {
  const socket = createConnection({ path, allowHalfOpen: true });
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk.toString())).end(text);
  await once(socket, "close");
  return answer;
}

test("each connection is relayed separately until the relay ends; then nothing is left", async () => {
  const folder = await relayFolder();
  const { name, end } = value(await relaySocket(folder, await shouting()));
  const path = join(folder, name);
  assert.ok(await isSocket(path));
  assert.equal(await Promise.all([ask(path, "one"), ask(path, "x".repeat(300_000)), ask(path, "")]), [
    "ONE",
    "X".repeat(300_000),
    "",
  ]);
  const open = createConnection({ path });
  await once(open, "connect");
  const closed = once(open, "close");
  await end();
  await closed;
  await end();
  assert.equal(await readdir(folder), []);
});

test("other users can enter but not list the folder, and its parent is closed to them", async () => {
  const folder = await relayFolder();
  assert.is((await stat(folder)).mode & 0o777, 0o711);
  assert.is((await stat(join(folder, ".."))).mode & 0o777, 0o700);
});

test("a folder whose path is too long for a socket works", async () => {
  const folder = join(await newFolder("long"), "d".repeat(120));
  value(await makeRelayFolder(folder));
  const { name, end } = value(await relaySocket(folder, await shouting()));
  assert.ok(await isSocket(join(folder, name)));
  await end();
  assert.equal(await readdir(folder), []);
});

test("a missing target ends the connection, not the process", async () => {
  const folder = await relayFolder();
  const { name, end } = value(await relaySocket(folder, "/nowhere/agent"));
  assert.is(await ask(join(folder, name), "").catch(() => "broken"), "");
  await end();
});

test("sockets of dead processes are removed, those of living ones are not", async () => {
  const folder = await relayFolder();
  await writeFile(join(folder, "4194305-left"), "");
  await writeFile(join(folder, `${process.pid}-here`), "");
  const { name, end } = value(await relaySocket(folder, "/nowhere"));
  assert.equal(await readdir(folder), [`${process.pid}-here`, name].sort());
  await end();
});

test("a missing folder is a failure and leaves no server", async () => {
  const done = await relaySocket(join(await newFolder(), "none"), "/nowhere");
  assert.not.ok(done.ok);
  assert.not.ok(await isSocket("/nowhere"));
});

test.run();
