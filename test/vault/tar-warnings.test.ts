// needs: other users, busybox
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { interpretTar, noTarWarnings } from "../../lib/vault/archive/tar-warnings.js";
import { newFolder } from "../rig/folder.js";
import { run } from "../rig/host.js";
import { failure, value } from "../rig/result.js";

const test = suite("complaints");

/** The messages of real programs for a folder that the user cannot read completely. */
async function packed(program: readonly string[], folder: string) {
  const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
  // not to /dev/null, which GNU tar recognises and then reads nothing
  const script = `LC_ALL=C exec "$@"`;
  const done = await run("setpriv", [
    ...nobody,
    "sh",
    "-c",
    script,
    "sh",
    ...program,
    "-c",
    "-f",
    "-",
    "-C",
    folder,
    ".",
  ]);
  return { code: done.code, stderr: done.stderr.trimEnd() };
}

async function folderWith(fill: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = await newFolder();
  await chmod(folder, 0o755);
  await writeFile(join(folder, "good"), "good");
  await fill(folder);
  return folder;
}

const shut = (folder: string) => writeFile(join(folder, "it's shut: nö"), "x", { mode: 0o000 });
const shutFolder = (folder: string) => mkdir(join(folder, "dir"), { mode: 0o000 });
const socket = (folder: string) =>
  new Promise((resolve) => {
    const server = createServer().listen(join(folder, "socket"), () => resolve(server));
    server.unref();
  });

for (const program of [["tar"], ["busybox", "tar"]]) {
  const name = program.join(" ");

  test(`${name}: a readable folder gives no warnings`, async () => {
    const { code, stderr } = await packed(program, await folderWith(async () => undefined));
    assert.equal(value(interpretTar(code, stderr, false)), noTarWarnings);
  });

  for (const [what, path, make] of [
    ["a file that cannot be read", "it's shut: nö", shut],
    ["a folder that cannot be read", "dir", shutFolder],
  ] as const) {
    test(`${name}: ${what} is named, and omitted only when lenient`, async () => {
      const { code, stderr } = await packed(program, await folderWith(make));
      assert.equal(value(interpretTar(code, stderr, true)), { ...noTarWarnings, unread: [path] }, stderr);
      const { problems } = failure(interpretTar(code, stderr, false), "save-incomplete");
      assert.is(problems.length, 1);
      assert.match(problems[0] ?? "", /^tar: .*(shut|dir)/);
    });
  }

  test(`${name}: a socket is named, and is no failure`, async () => {
    const { code, stderr } = await packed(program, await folderWith(socket));
    for (const lenient of [true, false])
      assert.equal(value(interpretTar(code, stderr, lenient)), { ...noTarWarnings, sockets: ["socket"] });
  });

  test(`${name}: a missing folder is always a failure`, async () => {
    const { code, stderr } = await packed(program, "/nowhere/at/all");
    failure(interpretTar(code, stderr, true), "save-incomplete");
  });
}

test("a silent failure and unknown messages are failures with and without `lenient`", () => {
  for (const lenient of [true, false]) {
    failure(interpretTar(1, "", lenient), "save-incomplete");
    failure(interpretTar(undefined, "", lenient), "save-incomplete");
    failure(interpretTar(2, "tar: write error: No space left on device", lenient), "save-incomplete");
  }
});

test("tar's messages about files that change or go away while read are recognised and are not failures", () => {
  const said = [
    "tar: ./a/log: file changed as we read it",
    "tar: ./short: File shrank by 3 bytes; padding with zeros",
    "tar: ./went: File removed before we read it",
    "tar: ./was there: Cannot stat: No such file or directory",
    "tar: can't open './busy': No such file or directory",
    "tar: Exiting with failure status due to previous errors",
  ];
  for (const lenient of [true, false])
    assert.equal(value(interpretTar(1, said.join("\n"), lenient)), {
      ...noTarWarnings,
      changedWhileReading: ["a/log", "short", "went", "was there", "busy"],
    });
  const more = ["tar: ./b: Cannot open: Permission denied", ...said].join("\n");
  assert.equal(value(interpretTar(2, more, true)), {
    ...noTarWarnings,
    unread: ["b"],
    changedWhileReading: ["a/log", "short", "went", "was there", "busy"],
  });
  failure(interpretTar(2, more, false), "save-incomplete");
});

test.run();
