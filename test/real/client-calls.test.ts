// needs: docker
import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { engineName, fine, type Host, quick, removeHosts, run } from "../rig/host.js";
import { withSealed } from "../rig/with-vault.js";

// Each call of the engine's client takes tens of milliseconds, and more where the engine is on another machine.

test.after(removeHosts);

/** Has a host's calls of the engine's client counted; returns what tells and forgets them. */
async function counted(host: Host): Promise<() => Promise<Record<string, number>>> {
  const folder = await newFolder("client");
  const log = join(folder, "log");
  const client = (await run("sh", ["-c", `command -v ${engineName}`])).stdout.trim();
  const path = join(folder, engineName);
  await writeFile(path, `#!/bin/sh\necho "$1 $2" >> ${log}\nexec ${client} "$@"\n`);
  await chmod(path, 0o755);
  host.env["PATH"] = `${folder}${delimiter}${process.env["PATH"] ?? ""}`;
  return async () => {
    const calls: Record<string, number> = {};
    for (const line of (await readFile(log, "utf8")).trim().split("\n")) {
      const [word = "", next = ""] = line.split(" ");
      const name = next === "inspect" ? `${word} inspect` : word;
      calls[name] = (calls[name] ?? 0) + 1;
    }
    await writeFile(log, "");
    return calls;
  };
}

test("a session asks the engine's client little: its scripts run in one shell in the container", async () => {
  const host = await withSealed("none", undefined, quick);
  fine(await host.run("ensure-container"));
  const calls = await counted(host);
  // the shell for scripts, the two that unpack the vault, and the command
  const exec = 4;
  fine(await host.enter("true"));
  assert.equal(await calls(), { "container inspect": 2, "image inspect": 2, exec });
  fine(await host.run("down"));
  await calls();
  // the answer about the container shows that the engine works; what this run has made is not asked about again
  fine(await host.enter("true"));
  const made = { "container inspect": 2, "image inspect": 1, create: 1, start: 1 };
  assert.equal(await calls(), { ...made, exec });
});

test.run();
