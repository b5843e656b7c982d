import { join } from "node:path";
import { agentFolder } from "../paths.js";
import { thisShell } from "../this-host.js";
import type { HomeRecord } from "./lifecycle.js";

/** The variable by which every process of a home is found again. */
export const homeVariable = "TAZPOD_HOME";

/** The environment of whatever runs in a home: the user's PATH, and nothing else of the host's variables. */
export function environment({ user: { home, name = "" } }: HomeRecord): Record<string, string> {
  return {
    ...{ PATH: ownPath(), HOME: home, USER: name, LOGNAME: name, SHELL: thisShell() },
    [homeVariable]: home,
  };
}

/** What the shell is given, with the socket of the ssh-agent where it is on the host. */
export function shellEnvironment(
  env: Readonly<Record<string, string>>,
  { spec }: HomeRecord,
): Readonly<Record<string, string>> {
  const socket = env["SSH_AUTH_SOCK"];
  if (socket?.startsWith(`${agentFolder}/`) !== true || spec.agentFolder === undefined) return env;
  return { ...env, SSH_AUTH_SOCK: join(spec.agentFolder, socket.slice(agentFolder.length)) };
}

/** PATH without what a package manager put before it for the project it was started in. */
function ownPath(): string {
  const folders = (process.env["PATH"] ?? "").split(":");
  const own = folders.filter((folder) => folder.startsWith("/") && !folder.includes("/node_modules/"));
  return own.length === 0 ? "/usr/local/bin:/usr/bin:/bin" : own.join(":");
}
