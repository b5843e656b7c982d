import { relative, join } from "node:path";
import { homedir } from "node:os";

/** Returns the current folder; undefined if it was removed. */
export function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** Returns a path as messages show it: relative if it is below the current folder, else absolute. */
export function displayPath(path: string): string {
  const here = currentFolder();
  const below = here === undefined ? "" : relative(here, path);
  return below === "" || below.startsWith("..") ? path : below;
}

/** Returns the user's folder for state of this host: `tazpod` in XDG_STATE_HOME, or else in ~/.local/state. */
export function stateFolder(): string {
  const given = process.env["XDG_STATE_HOME"];
  // the XDG Base Directory Specification says to ignore relative paths
  const top = given?.startsWith("/") === true ? given : join(homedir(), ".local", "state");
  return join(top, "tazpod");
}
