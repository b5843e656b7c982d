/**
 * Runs before anything else is loaded. This file is bundled into the entry points and must stay free of newer syntax
 * and of static imports, so that a Node that is too old can run it and print one line.
 */

const supported = "20.19 or later, or 22.12 or later";

/** Returns the message for a Node that is too old (such as 18.20.4), or undefined if tazpod runs on it. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return undefined;
  return `tazpod needs Node.js ${supported}; this is Node.js ${version}.`;
}

/**
 * Sets HOME to the folder in the list of users, if it is no absolute path: everything below would be searched in the
 * current folder. Returns the message if there is none either.
 */
function homeProblem(): string | undefined {
  const given = process.env["HOME"];
  if (given !== undefined && given.startsWith("/")) return undefined;
  const os = process.getBuiltinModule("node:os");
  try {
    const { homedir } = os.userInfo();
    if (homedir.startsWith("/")) {
      process.env["HOME"] = homedir;
      return undefined;
    }
  } catch {
    // the list of users has no such user
  }
  return "tazpod needs a home folder, but HOME is no absolute path, and the list of users has none for this user. Set HOME.";
}

/** Sets exit code 2 and prints a message on an old Node, or without a home; returns whether tazpod can run. */
export function canStart(): boolean {
  const problem = nodeProblem(process.versions.node) ?? homeProblem();
  if (problem === undefined) return true;
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
  return false;
}

/**
 * Returns the folder for compiled code, which is run without another look at it: in the user's cache, and only if no other
 * user can put a file there. Undefined if there is none. Node's own default is in /tmp, which another user could fill.
 */
export function codeFolder(): string | undefined {
  const { HOME, XDG_CACHE_HOME } = process.env;
  const base = [XDG_CACHE_HOME, HOME].find((path) => path !== undefined && path.startsWith("/"));
  if (base === undefined) return undefined;
  const fs = process.getBuiltinModule("node:fs");
  try {
    const { uid, mode } = fs.statSync(base);
    const isForeign = process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o002) !== 0);
    return isForeign ? undefined : `${base}${base === XDG_CACHE_HOME ? "" : "/.cache"}/tazpod`;
  } catch {
    return undefined;
  }
}

/** Turns on Node's compile cache, if it has one, for what is loaded as a module. */
export function keepCompiledCode(): void {
  // loading the module would take a while on Node 20, which has none
  if (Number(process.versions.node.split(".")[0]) < 22 || process.env["NODE_COMPILE_CACHE"] !== undefined)
    return;
  const { enableCompileCache } = process.getBuiltinModule("node:module") as unknown as {
    readonly enableCompileCache: (folder: string) => unknown;
  };
  const folder = codeFolder();
  if (folder !== undefined) enableCompileCache(`${folder}/node`);
}
