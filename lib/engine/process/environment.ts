import { join } from "node:path";
import { agentFolder } from "../container-paths.js";
import { thisShell } from "../this-host.js";
import type { HomeRecord } from "./lifecycle.js";

/** The variable that marks every process of a home. */
export const homeVariable = "TAZPOD_HOME";

/** Returns the environment of programs in a home: the user's PATH and no other variable of the host. */
export function environment({ user: { home, name = "" } }: HomeRecord): Record<string, string> {
  return {
    ...{ PATH: ownPath(), HOME: home, USER: name, LOGNAME: name, SHELL: thisShell() },
    [homeVariable]: home,
  };
}

/** Returns the shell's extra variables, with the ssh-agent's socket at its path on the host. */
export function shellEnvironment(
  env: Readonly<Record<string, string>>,
  { spec }: HomeRecord,
): Readonly<Record<string, string>> {
  const socket = env["SSH_AUTH_SOCK"];
  if (socket?.startsWith(`${agentFolder}/`) !== true || spec.agentFolder === undefined) return env;
  return { ...env, SSH_AUTH_SOCK: join(spec.agentFolder, socket.slice(agentFolder.length)) };
}

/** Returns PATH without the folders that a package manager prepended. */
function ownPath(): string {
  const folders = (process.env["PATH"] ?? "").split(":");
  const own = folders.filter((folder) => folder.startsWith("/") && !folder.includes("/node_modules/"));
  return own.length === 0 ? "/usr/local/bin:/usr/bin:/bin" : own.join(":");
}
