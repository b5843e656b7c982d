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
  return baseFolder("XDG_STATE_HOME", join(".local", "state"));
}

/** Returns the user's folder for settings of tazpod: `tazpod` in XDG_CONFIG_HOME, or else in ~/.config. */
export function configFolder(): string {
  return baseFolder("XDG_CONFIG_HOME", ".config");
}

/** Returns the user's home, which `canStart` has checked. Throws if a program that uses the library has none. */
export function homeFolder(): string {
  const home = homedir();
  if (home.startsWith("/")) return home;
  throw new Error("HOME has to be an absolute path");
}

function baseFolder(variable: string, inHome: string): string {
  const given = process.env[variable];
  // the XDG Base Directory Specification says to ignore relative paths
  const top = given?.startsWith("/") === true ? given : join(homeFolder(), inHome);
  return join(top, "tazpod");
}
