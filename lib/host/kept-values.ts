import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { writeCacheFile } from "./cache-file.js";
import type { CodeKey } from "./compiled-code.js";
import { existsSync, readdirSync, readFileSync, rmSync } from "./node-fs.js";
import { codeFolder } from "./start.js";

/** The code of the running program; a parameter of the script that has the program (scripts/bundle-parts.mjs). */
declare const programCode: CodeKey | undefined;

/** With more, all are removed: a cache that starts afresh needs no account of what was used. */
const most = 200;

/**
 * JSON values that earlier runs of this program made of texts, in the user's cache. They are believed without another
 * look, as compiled code is.
 */
export const keptValues = {
  /** Returns the value of a text; undefined if there is none. */
  get(kind: string, text: string): unknown {
    const path = pathOf(kind, text);
    try {
      return path === undefined ? undefined : JSON.parse(readFileSync(path, "utf8"));
    } catch {
      return undefined;
    }
  },

  /** Keeps what `make` makes of a text for later runs. A folder that cannot be written is no failure. */
  keep(kind: string, text: string, make: () => unknown): void {
    const path = pathOf(kind, text);
    if (path === undefined) return;
    try {
      const value = JSON.stringify(make());
      const folder = dirname(path);
      if (existsSync(folder) && readdirSync(folder).length >= most) rmSync(folder, { recursive: true });
      // later runs need no code that makes it
      if (writeCacheFile(path, value) && programCode !== undefined) programCode.isUnusual = true;
    } catch {
      // it cannot be made, or the folder cannot be read
    }
  },
};

function pathOf(kind: string, text: string): string | undefined {
  const hash = typeof programCode === "undefined" ? undefined : programCode.hash;
  const folder = hash === undefined ? undefined : codeFolder();
  if (folder === undefined) return undefined;
  const name = createHash("sha256").update(`${hash} ${kind} ${text}`).digest("hex");
  return join(folder, "documents", name);
}
