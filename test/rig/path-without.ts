import { delimiter } from "node:path";
import * as assert from "uvu/assert";
import { newFolder } from "./folder.js";
import { run } from "./host.js";

/** Returns a folder with links to the programs on this machine's PATH, except these. */
export async function pathWithout(...names: readonly string[]): Promise<string> {
  const folder = await newFolder("path");
  const program = `for d; do for f in "$d"/*; do ln -s "$f" . 2>/dev/null; done; done; rm -f ${names.join(" ")}`;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const done = await run("sh", ["-c", program, "links", ...folders], { cwd: folder });
  assert.is(done.code, 0, done.stderr);
  return folder;
}
