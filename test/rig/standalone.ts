import { join } from "node:path";
import * as assert from "uvu/assert";
import { newFolder } from "./folder.js";
import { run } from "./host.js";
import { repository } from "./root.js";

/** Returns the standalone executable: the one that TAZPOD_TEST_STANDALONE names, or one made of the present build. */
export async function standalone(): Promise<string> {
  const given = process.env["TAZPOD_TEST_STANDALONE"];
  if (given) return given;
  const folder = await newFolder("standalone");
  const made = await run(process.execPath, [`${repository}scripts/standalone.mjs`, folder]);
  assert.is(made.code, 0, made.stderr);
  return join(folder, "tazpod");
}
