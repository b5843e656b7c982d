import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, Host, run } from "../rig/host.js";

// How a project is found. Needs no engine.

/** Runs tazpod in a folder that was removed before it starts. */
async function fromNowhere(...argv: readonly string[]): Promise<Ended> {
  const gone = join(await newFolder(), "gone");
  await mkdir(gone);
  const script = 'rmdir "$0" && exec "$@"';
  return run("sh", ["-c", script, gone, process.execPath, bin, ...argv], { cwd: gone });
}

test("in a removed folder, each command says so and what to do", async () => {
  for (const argv of [
    ["status"],
    ["list"],
    ["plan", "enter"],
    ["run", "pull"],
    ["enter", "--help"],
    ["trust"],
  ]) {
    const done = await fromNowhere(...argv);
    assert.is(done.code, 1, argv.join(" "));
    assert.is(
      done.stderr,
      "Could not find a project in the current folder: it was removed; change to an existing folder, or give --project an absolute path.\n",
    );
  }
});

test("outside a project, status says so once and what to do", async () => {
  const folder = await newFolder();
  const done = await run(process.execPath, [bin, "status"], { cwd: folder });
  assert.equal([done.code, done.stdout], [3, ""]);
  assert.match(done.stderr, /^There is no tazpod project in .*\n  Use `tazpod init`.*\n$/);
});

test("from a removed folder, a project is found by an absolute path only", async () => {
  const host = await Host.make({ remote: "none" });
  assert.is((await fromNowhere("list", "--project", host.folder)).code, 0);
  assert.is((await fromNowhere("status", "--short", "--project", host.folder)).code, 0);
  const below = await fromNowhere("list", "--project", "lab");
  assert.is(below.code, 1);
  assert.match(below.stderr, "Could not find a project in lab: the current folder was removed; ");
});

test.run();
