// needs: s3
// time limit: 900 s
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openRemote } from "../../lib/remote/open-remote.js";
import type { Remote, RemoteSettings } from "../../lib/remote/remote-types.js";
import { ok } from "../../lib/failure/result.js";
import { newBucket, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";
import { repository } from "../rig/root.js";

useTestKeys();
const test = suite("several writers");

async function write(settings: RemoteSettings, name: string, rounds: number): Promise<readonly string[]> {
  const folder = await newFolder(name);
  const program = `${repository}dist/test/fake/sync-writer.js`;
  const child = spawn(process.execPath, [program, JSON.stringify(settings), folder, name, String(rounds)]);
  let [said, complained] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complained += text));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${name}: ${complained}`);
  return said.trim().split("\n");
}

async function linesOf(remote: Remote): Promise<readonly string[]> {
  let text = "";
  value(await remote.download({ write: async (piece) => ok(void (text += piece.toString())) }));
  return text.trim().split("\n").slice(2);
}

const kinds: Record<string, () => Promise<RemoteSettings>> = {
  s3: newBucket,
  file: async () => ({
    url: pathToFileURL(join(await newFolder("disk"), "vault.tar.aes")).href,
    region: "x",
  }),
};

for (const [kind, make] of Object.entries(kinds)) {
  for (const { writers, rounds } of [
    { writers: 2, rounds: 50 },
    { writers: 4, rounds: 15 },
    { writers: 8, rounds: 5 },
  ]) {
    test(`${kind}: ${writers} concurrently, ${rounds} pushes each: every acknowledged push is there once, in the order of generations`, async () => {
      const settings = await make();
      const all = await Promise.all(
        Array.from({ length: writers }, (_, index) => write(settings, `host-${index}`, rounds)),
      );
      const remote = await openRemote(settings);
      const lines = await linesOf(remote);
      assert.equal(lines.toSorted(), all.flat().toSorted());
      const head = await remote.head();
      assert.is(head.state === "present" && head.object.generation, writers * rounds);
      const generations = value(await remote.history.list()).map(({ generation }) => generation);
      assert.is(new Set(generations).size, writers * rounds);
    });
  }
}

test.run();
