// needs: script
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { projectState } from "../../lib/host/project-state.js";
import { newFolder } from "../rig/folder.js";
import { bin, run } from "../rig/host.js";
import { testWith } from "../rig/needing.js";
import { Pty } from "../rig/pty.js";
import { type Place, placeWith } from "./place.js";

// The author of a clone controls every file of it. Each file is replaced, before the user agrees, by a link, a pipe, a
// device or a folder.

const execute = promisify(execFile);
const secret = "TOPSECRETKEY";
const commands = [
  ["status"],
  ["status", "--short"],
  ["list"],
  ["doctor"],
  ["trust", "--show"],
  ["enter", "--yes"],
];

const config = ".tazpod/config.yaml";
const recipe = "tazpod.tasks.yaml";
const whole: Readonly<Record<string, string>> = {
  [config]: "remote: none\nbuild: Dockerfile\nengine: process\n",
  [recipe]:
    "version: 1\nextends: [more.yaml]\ntasks:\n  hi: { new: true, script: ./hi.mjs }\n  ho: { new: true, cmds: [[./ho.sh]] }\n",
  "more.yaml": "version: 1\n",
  "hi.mjs": 'import { a } from "./lib/a.mjs"; export const run = () => void a;\n',
  "lib/a.mjs": "export const a = 1;\n",
  "ho.sh": "#!/bin/sh\n",
  Dockerfile: "FROM x\n",
  ".tazpod/vault/vault.tar.aes": "x",
  ".tazpod/vault/open.json": "{}",
  ".tazpod/vault/state.json": "{}",
  ".tazpod/vault/sessions/1": "x",
};

/** Checks that a command printed nothing of a file outside, reported no bug, and finished in time. */
async function unharmed(place: Place, what: string): Promise<void> {
  await Promise.all(
    commands.map(async (args) => {
      const { code, stdout, stderr } = await place.tazpod(...args);
      const where = `${what}: ${args.join(" ")}: ${code} ${stdout} ${stderr}`;
      assert.is.not(code, -9, `no end: ${where}`);
      assert.not.ok((stdout + stderr).includes(secret), where);
      assert.not.match(stderr, "bug in tazpod", where);
    }),
  );
}

async function replaced(name: string, by: "link" | "pipe" | "device" | "folder"): Promise<void> {
  const place = await placeWith(whole);
  const outside = await newFolder("outside");
  await writeFile(join(outside, "secret"), `${secret}: 1\n`);
  const path = place.path(name);
  await rm(path, { recursive: true });
  if (by === "link") await symlink(join(outside, "secret"), path);
  if (by === "pipe") await execute("mkfifo", [path]);
  if (by === "device") await symlink("/dev/zero", path);
  if (by === "folder") await mkdir(path);
  await unharmed(place, `${name} is a ${by}`);
  if (name === config || name === recipe) {
    const { code, stderr } = await place.tazpod("list");
    assert.ok(code !== 0, `${name} that is a ${by} was passed over`);
    assert.match(stderr, name);
  }
}

for (const name of [config, recipe, "hi.mjs"])
  for (const by of ["link", "pipe", "device", "folder"] as const)
    test(`${name} that is a ${by} is refused at once, and nothing from outside is printed`, () =>
      replaced(name, by));

for (const name of [
  "more.yaml",
  "lib/a.mjs",
  "ho.sh",
  "Dockerfile",
  ".tazpod/vault/open.json",
  ".tazpod/vault/state.json",
  ".tazpod/vault/sessions/1",
])
  for (const by of ["link", "pipe"] as const)
    test(`${name} that is a ${by} reveals nothing from outside`, () => replaced(name, by));

test("a recipe that extends a path outside, in any spelling, is an error with the path and without its text", async () => {
  const outside = await newFolder("outside");
  await writeFile(join(outside, "secret"), secret);
  for (const path of [
    join(outside, "secret"),
    "/proc/self/environ",
    "../../etc/passwd",
    "/dev/zero",
    "a/../../x",
    "a\\0b",
  ]) {
    const place = await placeWith({ [config]: "", [recipe]: `version: 1\nextends: ["${path}"]\n` });
    await mkdir(place.path("a"));
    const { code, stderr } = await place.tazpod("status");
    assert.is(code, 2, stderr);
    assert.match(stderr, /^tazpod\.tasks\.yaml:2:11: .*(outside the project|cannot be read)/);
    await unharmed(place, path);
  }
});

test("a file that ends in .yml is not ignored: the error gives the right name", async () => {
  for (const [name, right] of [
    ["tazpod.tasks.yml", "tazpod.tasks.yaml"],
    ["tazpod.tasks.local.yml", "tazpod.tasks.local.yaml"],
    [".tazpod/config.yml", "config.yaml"],
  ] as const) {
    const place = await placeWith({ [name]: "" });
    if (!name.startsWith(".")) await place.write(config, "");
    const { code, stderr } = await place.tazpod("list");
    assert.is(code, 1, stderr);
    assert.match(stderr, `${name}: tazpod only reads ${right}`);
  }
});

test("a prompt in a clone writes and removes nothing, in the clone or through a link in it", async () => {
  for (const link of [".tazpod/vault/sessions", ".tazpod/vault", ".tazpod"]) {
    const place = await placeWith({ [config]: "ghost_mode: true\n", ".tazpod/vault/vault.tar.aes": "x" });
    await place.write(".tazpod/vault/open.json", "x");
    await place.write(".tazpod/vault/sessions/1", "x");
    const outside = await newFolder("mail");
    await rm(place.path(link), { recursive: true });
    await mkdir(dirname(place.path(link)), { recursive: true });
    for (const inner of ["", "vault", "sessions", "vault/sessions"]) {
      await mkdir(join(outside, inner), { recursive: true });
      for (const name of ["1", "2", "config.yaml", "open.json"])
        await writeFile(join(outside, inner, name), "x");
    }
    await symlink(outside, place.path(link));
    const list = async (): Promise<string> => (await readdir(outside, { recursive: true })).toSorted().join();
    const [before, here] = [
      await list(),
      (await readdir(place.folder, { recursive: true })).toSorted().join(),
    ];
    for (const args of [["status", "--short"], ["status"], ["doctor"]]) await place.tazpod(...args);
    assert.is(await list(), before, link);
    assert.is((await readdir(place.folder, { recursive: true })).toSorted().join(), here, link);
  }
});

test("state of an earlier tazpod in a clone is neither used nor removed without a yes on a terminal", async () => {
  const place = await placeWith({
    [config]: "",
    ".tazpod/vault/engine": "process\n",
    ".tazpod/vault/state.json": '{"version":1,"newest":{"generation":999999}}',
  });
  const [state, left] = [projectState(place.path(".tazpod/vault")), place.path(".tazpod/vault/engine")];
  const here = join(place.env["XDG_STATE_HOME"] ?? "", "tazpod", "projects", basename(state));
  for (const args of [["list"], ["status"], ["vault", "ls"], ["push", "--yes"]]) {
    const { stderr } = await place.tazpod(...args);
    if (args[0] !== "list")
      assert.match(stderr, "the state of an earlier tazpod (state.json, engine). It is not used");
    assert.not.ok(existsSync(join(here, "engine")), args[0]);
    assert.ok(existsSync(left), args[0]);
  }
  for (const [answer, taken] of [
    ["n", false],
    ["y", true],
  ] as const) {
    await rm(here, { recursive: true, force: true });
    const pty = new Pty([process.execPath, bin, "vault", "ls"], { cwd: place.folder, env: place.env });
    await pty.expect("Take it over?");
    pty.line(answer);
    await pty.ended;
    assert.equal([existsSync(join(here, "engine")), existsSync(left)], [taken, !taken]);
  }
});

test("with a HOME that is no absolute path, nothing in a clone passes for the user's own files", async () => {
  const place = await placeWith({
    [config]: "",
    [recipe]: "version: 1\ntasks:\n  hi: { new: true, cmds: [[touch, ran]] }\n",
  });
  // as if its author had trusted it, under its path
  const forged = { ...place.env, XDG_STATE_HOME: place.path(".local", "state") };
  assert.is(
    (await run(process.execPath, [bin, "trust", "--yes"], { cwd: place.folder, env: forged })).code,
    0,
  );
  for (const HOME of ["", "."]) {
    const env = { ...place.env, XDG_STATE_HOME: "", HOME };
    const done = await run(process.execPath, [bin, "hi"], { cwd: place.folder, env });
    assert.is(done.code, 4, done.stderr);
    assert.not.ok(existsSync(place.path("ran")));
  }
});

await testWith(
  test,
  "other users",
  "without HOME, a user who is not in the list of users is told to set it",
  async () => {
    const words = ["--reuid=12345", "--regid=12345", "--clear-groups", "env", "-u", "HOME"];
    for (const command of [["list"], ["status", "--short"]]) {
      const done = await run("setpriv", [...words, process.execPath, bin, ...command], { cwd: "/" });
      assert.equal([done.code, done.stdout], [2, ""], done.stderr);
      assert.match(done.stderr, /^tazpod needs a home folder, but HOME [^\n]*Set HOME\.\n$/);
    }
  },
);

test("a prompt neither uses nor removes state files of an earlier tazpod in a clone", async () => {
  const place = await placeWith({
    [config]: "",
    ".tazpod/vault/open.json": "{}",
    ".tazpod/vault/sessions/4194305": "x",
  });
  assert.is((await place.tazpod("status", "--short")).stdout, "project\n");
  assert.ok((await stat(place.path(".tazpod/vault/sessions/4194305"))).isFile());
});

test.run();
