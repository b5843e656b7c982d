/**
 * What happens before anything else is loaded. The files that start tazpod contain this and must stay free of newer syntax
 * and static imports after bundling, so that a Node that is too old runs them and prints one line.
 */

const supported = "20.19 or later, or 22.12 or later";

/** Says which Node is needed if `version` (such as 18.20.4) is too old; undefined if tazpod runs on it. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return undefined;
  return `tazpod needs Node.js ${supported}; this is Node.js ${version}.`;
}

/** Refuses an old Node with exit code 2; returns whether tazpod runs on this one. */
export function canStart(): boolean {
  const problem = nodeProblem(process.versions.node);
  if (problem === undefined) return true;
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
  return false;
}

/**
 * Lets Node keep the compiled code of what is loaded from now on, where it can. Node's own default for this is a folder in
 * /tmp that another user could make first, with code of theirs in it.
 */
export function keepCompiledCode(): void {
  const { HOME, NODE_COMPILE_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = XDG_CACHE_HOME ? XDG_CACHE_HOME : HOME ? `${HOME}/.cache` : undefined;
  if (NODE_COMPILE_CACHE !== undefined || cache === undefined) return;
  const { enableCompileCache } = process.getBuiltinModule("node:module") as {
    // Node 22 and later
    readonly enableCompileCache?: (folder: string) => unknown;
  };
  if (enableCompileCache) enableCompileCache(`${cache}/tazpod/node`);
}
