import { homedir } from "node:os";
import { join } from "node:path";

/** Where this user's tazpod keeps what is about this host: `tazpod` in XDG_STATE_HOME, else in ~/.local/state. */
export function stateFolder(): string {
  const given = process.env["XDG_STATE_HOME"];
  // a relative one is to be ignored, says the XDG Base Directory Specification
  const top = given?.startsWith("/") === true ? given : join(homedir(), ".local", "state");
  return join(top, "tazpod");
}
