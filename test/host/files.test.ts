import { spawn } from "node:child_process";
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as files from "../../lib/host/files.js";
import { createTemp, linkTemp, removeLeftovers } from "../../lib/host/temp-file.js";
import { run } from "../rig/host.js";
import { newFolder } from "../rig/folder.js";
import { testWith } from "../rig/needing.js";
import { failure, value } from "../rig/result.js";
import { onTmpfs } from "../rig/tmpfs.js";

const test = suite("files");

test("a missing file is undefined, and an unreadable one a failure with errno and path", async () => {
  const folder = await newFolder();
  await writeFile(join(folder, "f"), "text");
  assert.is(value(await files.readText(join(folder, "none"))), undefined);
  assert.is(value(await files.readBytes(join(folder, "f", "below a file"))), undefined);
  assert.is(value(await files.stat(join(folder, "none"))), undefined);
  assert.equal(value(await files.list(join(folder, "none"))), []);
  const found = failure(await files.readText(folder), "file");
  assert.equal([found.code, found.path, found.action], ["EISDIR", folder, "read"]);
});

test("a pipe, a socket and a device are refused as text, without waiting", async () => {
  const folder = await newFolder();
  const [pipe, socket] = [join(folder, "pipe"), join(folder, "socket")];
  assert.is((await run("mkfifo", [pipe])).code, 0);
  const server = createServer().listen(socket);
  await once(server, "listening");
  for (const [path, what] of [
    [pipe, /^it is a pipe, and only regular files are read$/],
    [socket, /^it is a socket or a device, and only regular files are read$/],
    ["/dev/zero", /^it is a device, and only regular files are read$/],
  ] as const)
    assert.match(failure(await files.readText(path), "file").detail ?? "", what);
  assert.is(files.readTextSync(pipe), "");
  server.close();
});

test("a replaced file has the new bytes and the exact mode, and leaves nothing else in its folder", async () => {
  const folder = await newFolder();
  const path = join(folder, "f");
  await writeFile(path, "old");
  await chmod(path, 0o666);
  value(await files.writeAtomic(path, "new"));
  assert.is(await readFile(path, "utf8"), "new");
  assert.is((await stat(path)).mode & 0o777, 0o600);
  const umask = process.umask(0o077);
  value(await files.writeAtomic(path, "shared", 0o644));
  process.umask(umask);
  assert.is((await stat(path)).mode & 0o777, 0o644);
  assert.equal(await readdir(folder), ["f"]);
});

test("a replacement that fails leaves no temporary file", async () => {
  const folder = await newFolder();
  await mkdir(join(folder, "taken"));
  failure(await files.writeAtomic(join(folder, "taken"), "x"), "file");
  assert.equal(await readdir(folder), ["taken"]);
});

test("writeNew and linkOrCopy never overwrite", async () => {
  const folder = await newFolder();
  value(await files.writeNew(join(folder, "a"), "1"));
  assert.is(failure(await files.writeNew(join(folder, "a"), "2"), "file").code, "EEXIST");
  value(await files.linkOrCopy(join(folder, "a"), join(folder, "b")));
  assert.is(failure(await files.linkOrCopy(join(folder, "a"), join(folder, "b")), "file").code, "EEXIST");
  assert.is(await readFile(join(folder, "b"), "utf8"), "1");
});

await testWith(
  test,
  "mount",
  "on a full disk a replacement leaves the old file and nothing else; a file of another disk is copied over none",
  async () => {
    const [folder, disk] = [await newFolder(), await newFolder("disk")];
    await writeFile(join(folder, "new"), "new");
    await onTmpfs(disk, "64k", async () => {
      value(await files.linkOrCopy(join(folder, "new"), join(disk, "copied")));
      assert.is(await readFile(join(disk, "copied"), "utf8"), "new");
      await writeFile(join(disk, "f"), "old");
      assert.is(failure(await files.linkOrCopy(join(folder, "new"), join(disk, "f")), "file").code, "EEXIST");
      assert.is(
        failure(await files.writeAtomic(join(disk, "f"), Buffer.alloc(100_000)), "file").code,
        "ENOSPC",
      );
      assert.is(await readFile(join(disk, "f"), "utf8"), "old");
      assert.equal(await readdir(disk), ["copied", "f"]);
    });
  },
);

test("a link keeps the old bytes after the file was replaced", async () => {
  const folder = await newFolder();
  const path = join(folder, "a");
  await writeFile(path, "old");
  const kept = value(await linkTemp(folder, "a", path));
  value(await files.writeAtomic(path, "new"));
  assert.is(await readFile(kept, "utf8"), "old");
});

test("a link to an old file is not taken for what a killed process left", async () => {
  const folder = await newFolder();
  const path = join(folder, "a");
  await writeFile(path, "old");
  await utimes(path, new Date(2020, 1), new Date(2020, 1));
  const kept = value(await linkTemp(folder, "a", path));
  assert.equal(value(await removeLeftovers(folder)), []);
  assert.is(await readFile(kept, "utf8"), "old");
});

test("folders are created with 0700, and existing ones keep their mode", async () => {
  const folder = join(await newFolder(), "a", "b");
  value(await files.makeFolder(folder));
  assert.is((await stat(folder)).mode & 0o777, 0o700);
  await chmod(folder, 0o755);
  value(await files.makeFolder(folder));
  assert.is((await stat(folder)).mode & 0o777, 0o755);
});

test("stat and realPath follow links", async () => {
  const folder = value(await files.realPath(await newFolder())) ?? "";
  await writeFile(join(folder, "f"), "text");
  await symlink("f", join(folder, "l"));
  assert.is(value(await files.stat(join(folder, "l")))?.kind, "file");
  assert.is(value(await files.realPath(join(folder, "l"))), join(folder, "f"));
  assert.is(value(await files.realPath(join(folder, "none"))), undefined);
});

test("a file that has the name of a new temporary one is not used", async () => {
  const folder = await newFolder();
  const { getRandomValues } = crypto;
  crypto.getRandomValues = (bytes) => bytes;
  try {
    const first = value(await createTemp(folder, "f"));
    assert.is(failure(await createTemp(folder, "f"), "file").code, "EEXIST");
    await first.discard();
  } finally {
    crypto.getRandomValues = getRandomValues;
  }
});

await testWith(
  test,
  "other users",
  "a temporary file of another user's live process is not removed",
  async () => {
    const [me, other] = [65534, 65533];
    const folder = await newFolder();
    const child = spawn("setpriv", [`--reuid=${other}`, "--clear-groups", "sleep", "60"]);
    const name = `.f.tmp-${child.pid}-0123456789ab`;
    await writeFile(join(folder, name), "");
    await chown(folder, me, me);
    const before = process.geteuid?.() ?? 0;
    process.seteuid?.(me);
    try {
      assert.equal(value(await removeLeftovers(folder)), []);
    } finally {
      process.seteuid?.(before);
      child.kill();
    }
    assert.equal(await readdir(folder), [name]);
  },
);

test("a temporary file may be finished and discarded twice", async () => {
  const folder = await newFolder();
  const temp = value(await createTemp(folder, "f"));
  value(await temp.write("x"));
  value(await temp.finish());
  value(await temp.finish());
  await temp.discard();
  await temp.discard();
  assert.equal(await readdir(folder), []);
});

test("a name that is taken stays, and backups get the next free one", async () => {
  const folder = await newFolder();
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  await writeFile(a, "1");
  assert.is(value(await files.linkOrRename(a, b)), "given");
  await writeFile(join(folder, "c"), "2");
  assert.is(value(await files.linkOrRename(join(folder, "c"), b)), "taken");
  assert.is(await readFile(b, "utf8"), "1");
  assert.is(value(await files.keepBackup(b)), `${b}.bak-1`);
  value(await files.writeAtomic(b, "3"));
  assert.is(value(await files.keepBackup(b)), `${b}.bak-2`);
  assert.equal([await readFile(`${b}.bak-1`, "utf8"), await readFile(`${b}.bak-2`, "utf8")], ["1", "3"]);
});

test("a link is no regular file, even if it leads to one", async () => {
  const folder = await newFolder();
  await writeFile(join(folder, "f"), "1");
  await symlink("f", join(folder, "l"));
  assert.is(value(await files.statRegularFile(join(folder, "f")))?.bytes, 1);
  assert.is(value(await files.statRegularFile(join(folder, "none"))), undefined);
  failure(await files.statRegularFile(join(folder, "l")), "file");
});

test("what comes from a descriptor beyond the limit is a failure, not cut, an endless one ends, and it stays open", async () => {
  const path = join(await newFolder(), "f");
  await writeFile(path, "12345");
  const read = async (from: string, limit: number) => {
    const opened = value(await files.openDescriptor(from));
    const found = await files.readDescriptor(opened.fd, limit);
    // fails if it was closed
    await opened.close();
    return found;
  };
  assert.is(value(await read(path, 5)).toString(), "12345");
  assert.is(failure(await read(path, 4), "file").code, "EFBIG");
  assert.is(failure(await read("/dev/zero", 1_000_000), "file").code, "EFBIG");
});

test.run();
