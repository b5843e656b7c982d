import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new empty folder; the runner removes it with the file's surroundings. */
export function newFolder(name = "t"): Promise<string> {
  return mkdtemp(join(tmpdir(), `${name}-`));
}
