import { execFile, spawn } from "node:child_process";
import { createServer } from "node:net";
import { chown, mkdir, readdir, realpath, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findSpecialEntry, isInside, readProjectFile } from "../../lib/host/project-file.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

const execute = promisify(execFile);
const secret = "TOPSECRET";

async function project(): Promise<string> {
  return realpath(await newFolder("project"));
}

async function refusal(root: string, path: string): Promise<string> {
  const before = Date.now();
  const { detail = "", path: named } = failure(await readProjectFile(root, path), "file");
  assert.is(named, path);
  assert.ok(Date.now() - before < 2_000, `${path} was waited for`);
  assert.not.match(detail, secret);
  return detail;
}

test("a regular file of the project is read, and a missing one is undefined", async () => {
  const root = await project();
  await writeFile(join(root, "a"), "text");
  await writeFile(join(root, "empty"), "");
  assert.is(String(value(await readProjectFile(root, join(root, "a")))), "text");
  assert.is(String(value(await readProjectFile(root, join(root, "empty")))), "");
  assert.is(value(await readProjectFile(root, join(root, "b"))), undefined);
  assert.is(value(await readProjectFile(root, join(root, "a", "b"))), undefined);
});

test("links, files below a linked folder, folders, pipes, sockets and devices are refused at once", async () => {
  const root = await project();
  const outside = await project();
  await writeFile(join(outside, "secret"), secret);
  await symlink(join(outside, "secret"), join(root, "link"));
  await symlink("nowhere", join(root, "dangling"));
  await symlink(outside, join(root, "way"));
  await symlink("/dev/zero", join(root, "zero"));
  await symlink("/dev", join(root, "dev"));
  await symlink("/proc/self", join(root, "self"));
  await mkdir(join(root, "folder"));
  await execute("mkfifo", [join(root, "pipe")]);
  const server = createServer().listen(join(root, "socket"));
  await new Promise((done) => server.once("listening", done));
  const cases: readonly (readonly [string, RegExp])[] = [
    ["link", /^it is a link/],
    ["dangling", /^it is a link/],
    ["zero", /^it is a link/],
    ["way/secret", /^a parent folder is a link/],
    ["dev/zero", /^it is a device/],
    ["self/environ", /^a parent folder is a link/],
    ["folder", /^it is a folder/],
    ["pipe", /^it is a pipe/],
    ["socket", /^it is a socket/],
  ];
  for (const [name, expected] of cases) assert.match(await refusal(root, join(root, name)), expected);
  server.close();
});

test("a path outside the project is refused", async () => {
  const root = await project();
  for (const path of ["/proc/self/environ", "/dev/stdin", join(root, "..", "x"), root, `${root}x/a`])
    assert.match(await refusal(root, path), /^it is outside the project/);
  assert.not.ok(isInside("/p", "/p/../etc/passwd"));
  assert.ok(isInside("/p", "/p/..a/b"));
  assert.ok(isInside("/", "/etc"));
});

test("a file that is too large is refused without reading it", async () => {
  const root = await project();
  await writeFile(join(root, "large"), "");
  await truncate(join(root, "large"), 1024 ** 4);
  assert.is(await refusal(root, join(root, "large")), "it is larger than 1024 KiB");
});

test("another user's file is refused, unless it belongs to root or the project's owner", async () => {
  if (process.getuid?.() !== 0) return assert.ok(true, "only root can give a file away");
  const root = await project();
  await writeFile(join(root, "a"), "text");
  await chown(join(root, "a"), 4242, 4242);
  assert.match(await refusal(root, join(root, "a")), /^it belongs to user 4242/);
  await chown(root, 4242, 4242);
  assert.is(String(value(await readProjectFile(root, join(root, "a")))), "text");
});

test("a process that swaps the file or a parent folder for links never gets another file read", async () => {
  const root = await project();
  const outside = await project();
  await mkdir(join(root, "good"));
  for (const folder of [join(root, "good"), outside]) await mkdir(join(folder, "sub"));
  await writeFile(join(root, "good", "sub", "file"), "good");
  await writeFile(join(outside, "sub", "file"), secret);
  await symlink(outside, join(root, "bad"));
  const swap = `cd ${root}; while [ ! -e stop ]; do ln -sfn good now; mv -T good way 2>/dev/null; mv -T way good 2>/dev/null; mv -T bad way 2>/dev/null; mv -T way bad 2>/dev/null; done`;
  const swapping = spawn("sh", ["-c", swap]);
  const ended = new Promise((done) => swapping.once("close", done));
  const seen = new Set<string>();
  for (let tries = 0; tries < 2_000; tries += 1) {
    const read = await readProjectFile(root, join(root, "way", "sub", "file"));
    seen.add(read.ok ? String(read.value) : read.failure.kind);
  }
  await writeFile(join(root, "stop"), "");
  await ended;
  assert.not.ok(seen.has(secret), [...seen].join());
});

test("a file that is swapped for a pipe, or for a link to one, is never read as such", async () => {
  const [root, outside] = [await project(), await project()];
  await writeFile(join(root, "file"), "good");
  for (const folder of [root, outside]) await execute("mkfifo", [join(folder, "pipe")]);
  await symlink(join(outside, "pipe"), join(root, "link"));
  // waits until something reads from the pipe
  const writer = spawn("sh", ["-c", `echo > ${outside}/pipe; echo > ${outside}/opened`]);
  const swap = `cd ${root}; while [ ! -e stop ]; do for one in file pipe link; do ln -P $one next; mv -T next now; done; done`;
  const swapping = spawn("sh", ["-c", swap]);
  const ended = new Promise((done) => swapping.once("close", done));
  const seen = new Set<string>();
  const until = Date.now() + 3_000;
  while (Date.now() < until) {
    const read = await readProjectFile(root, join(root, "now"));
    seen.add(read.ok ? String(read.value) : read.failure.kind);
  }
  await writeFile(join(root, "stop"), "");
  await ended;
  writer.kill();
  seen.delete("undefined");
  assert.equal([...seen].toSorted(), ["file", "good"]);
  assert.not.ok((await readdir(outside)).includes("opened"));
});

test("a link is found as the folder, as a parent, and in the folder", async () => {
  const root = await project();
  await mkdir(join(root, "a", "b", "c"), { recursive: true });
  await writeFile(join(root, "a", "b", "file"), "");
  assert.is(await findSpecialEntry(root, "a/b"), undefined);
  assert.is(await findSpecialEntry(root, "a/none"), undefined);
  await symlink("/etc", join(root, "a", "b", "link"));
  assert.equal(await findSpecialEntry(root, "a/b"), { path: join(root, "a", "b", "link"), what: "a link" });
  await symlink("b", join(root, "a", "other"));
  assert.equal(await findSpecialEntry(root, "a/other"), { path: join(root, "a", "other"), what: "a link" });
});

test.run();
