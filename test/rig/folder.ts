import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Creates an empty folder, which the runner removes with the test file's other files. */
export function newFolder(name = "t"): Promise<string> {
  return mkdtemp(join(tmpdir(), `${name}-`));
}
