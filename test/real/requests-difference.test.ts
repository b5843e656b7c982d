// needs: namespace, git
// time limit: 120 s
import { symlink, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openEngine } from "../../lib/engine/choose-engine.js";
import { differenceToCommit } from "../../lib/requests/difference.js";
import { ProjectCopy } from "../../lib/requests/project-copy.js";
import type { WorkspaceContainer } from "../../lib/workspace/container-exec.js";
import { fine, Host, quick, removeHosts, run } from "../rig/host.js";
import { value } from "../rig/result.js";

// In a namespace there is this host's git.
test.after(removeHosts);

async function opened(): Promise<{ readonly host: Host; readonly inside: WorkspaceContainer }> {
  const host = await Host.make({ more: `engine: namespace\n${quick}` });
  host.env["TAZPOD_ENGINE"] = "namespace";
  fine(await host.run("ensure-container"));
  const engine = await openEngine("namespace");
  return { host, inside: { engine, container: host.container, user: "tazpod" } };
}

async function difference({ host, inside }: Awaited<ReturnType<typeof opened>>, named: readonly string[]) {
  const signal = AbortSignal.timeout(30_000);
  const copy = value(await ProjectCopy.make(inside, host.path(".tazpod", "vault"), signal));
  const found = await differenceToCommit(copy, named, inside);
  await copy.end();
  return found;
}

test("what differs from the last commit is shown, the named files first; the repository's own programs do not run on the host", async () => {
  const made = await opened();
  const { host } = made;
  const git = async (...args: string[]) =>
    fine(
      await run(
        "git",
        ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "safe.directory=*", ...args],
        {
          cwd: host.folder,
        },
      ),
    );
  const files = { a: "1\n2\n3\n", "run.sh": "echo 1\n", gone: "g\n", same: "s\n", "image.bin": "\0\u0001" };
  for (const [name, text] of Object.entries(files)) await writeFile(host.path(name), text);
  await symlink("same", host.path("link"));
  await git("init", "-q");
  await git("add", ...Object.keys(files), "link");
  await git("commit", "-qm", "first");
  await git("config", "core.fsmonitor", `touch ${host.path("ran")}`);
  await writeFile(host.path("a"), "1\n2\nthree\n");
  await writeFile(host.path("run.sh"), "echo 2\n");
  await writeFile(host.path("image.bin"), "\0\u0002\u0003");
  await writeFile(host.path("new.sh"), "echo new\n");
  await writeFile(host.path("other"), "");
  await run("rm", [host.path("gone")]);
  // as in Host.make
  if (process.getuid?.() === 0) fine(await run("chown", ["-R", "1000:1000", host.folder]));
  assert.equal(value(await difference(made, ["run.sh", "new.sh"])), [
    "not in the commit: new.sh",
    ...["@@ -1 +1 @@", "+echo new"],
    "changed: run.sh",
    ...["@@ -1 +1 @@", "-echo 1", "+echo 2"],
    "changed: a",
    ...["@@ -1 +1 @@", " 1", " 2", "-3", "+three"],
    "changed: image.bin (2 B, now 3 B)",
    "removed: gone",
    "not in the commit: other",
  ]);
});

test("without a commit, it says so", async () => {
  const made = await opened();
  const found = await difference(made, []);
  assert.match(found.ok ? "" : JSON.stringify(found.failure), "The last commit is not known");
});

test.run();
