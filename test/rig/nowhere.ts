import { readdir, readFile } from "node:fs/promises";
import * as assert from "uvu/assert";
import { newFolder } from "./folder.js";
import { type Host, run } from "./host.js";

/** Finds a string in the arguments or environment of any process of this machine. */
async function inProcesses(needles: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const file of ["cmdline", "environ"]) {
      const text = await readFile(`/proc/${pid}/${file}`, "latin1").catch(() => "");
      for (const needle of needles) if (text.includes(needle)) found.push(`/proc/${pid}/${file}`);
    }
  }
  return found;
}

/** Watches all processes until the work is done, and returns where the strings were found. */
export async function watched(needles: readonly string[], work: () => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) seen.push(...(await inProcesses(needles)));
  })();
  try {
    await work();
  } finally {
    over.abort();
    await watching;
  }
  return seen;
}

/**
 * Asserts that a string is in no file of the host's folders, and nowhere in what the engine reports or stores of the
 * container.
 */
export async function nowhere(
  host: Host,
  needles: readonly string[],
  folders: readonly string[],
): Promise<void> {
  const out = await newFolder("engine");
  const engine = await run("sh", [
    "-c",
    `docker inspect "$0" > "$1/inspect" && docker logs "$0" > "$1/logs" 2>&1 && docker diff "$0" > "$1/diff" && docker export "$0" > "$1/layers"`,
    host.container,
    out,
  ]);
  assert.is(engine.code, 0, engine.stderr);
  for (const needle of needles) {
    for (const folder of [...folders, out, host.folder, `${process.env["HOME"]}`]) {
      const grep = await run("grep", ["-r", "-l", "-a", "-F", "-f", "-", folder], { input: `${needle}\n` });
      assert.is(grep.stdout, "", folder);
      assert.is(grep.code, 1, folder);
    }
  }
}
