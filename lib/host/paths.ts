import { relative, join } from "node:path";
import { homedir } from "node:os";

/** The folder this process is in; undefined when that was removed. */
export function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** How a file is named in messages: from here when it is below, else absolute. */
export function displayPath(path: string): string {
  const here = currentFolder();
  const below = here === undefined ? "" : relative(here, path);
  return below === "" || below.startsWith("..") ? path : below;
}

/** Where this user's tazpod keeps what is about this host: `tazpod` in XDG_STATE_HOME, else in ~/.local/state. */
export function stateFolder(): string {
  const given = process.env["XDG_STATE_HOME"];
  // a relative one is to be ignored, says the XDG Base Directory Specification
  const top = given?.startsWith("/") === true ? given : join(homedir(), ".local", "state");
  return join(top, "tazpod");
}
