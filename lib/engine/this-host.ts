import { userInfo } from "node:os";
import type { Finished } from "../host/process.js";
import { stat } from "../host/files.js";
import { ok, type Result } from "../failure/result.js";
import type { ContainerUser } from "./engine.js";

/** The image of the engines that run the host's own programs. */
export const hostImage = "this host's system";

/** Changes to this process's environment after which a program has `env` and nothing else. */
export function exactEnvironment(env: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...Object.fromEntries(Object.keys(process.env).map((key) => [key, undefined])), ...env };
}

/** What a program in a container that does not run is answered, in the words that `isGone` looks for. */
export const notRunning = (name: string): Finished => ({
  code: 1,
  signal: undefined,
  stdout: Buffer.alloc(0),
  stderr: `${name} is not running`,
});

/** The user who runs tazpod, with the home that they have in a namespace. */
export async function thisUser(): Promise<Result<ContainerUser>> {
  const { uid, gid, name, home } = known();
  return ok({ uid, gid, name, home: await homeInside(home, name) });
}

/**
 * Where a user's home is in a namespace: where the system says it is, so that a program that looks it up finds the same; if
 * that cannot be made there, one in /home.
 */
export async function homeInside(home: string, name: string): Promise<string> {
  return (await canBeMade(home)) ? home : `/home/${name}`;
}

function known(): ContainerUser & { readonly name: string } {
  try {
    const { uid, gid, username: name, homedir: home } = userInfo();
    return { uid, gid, name, home };
  } catch {
    // a number that no file knows
    const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
    return { uid, gid, name: String(uid), home: "/" };
  }
}

/** The shell that the system has for who runs tazpod; one in a home is not there inside. */
export function thisShell(): string {
  try {
    const { shell } = userInfo();
    return shell?.startsWith("/") === true && !/^\/(?:home|root|tmp|run)\//.test(shell) ? shell : "/bin/sh";
  } catch {
    return "/bin/sh";
  }
}

/** Below what is made anew inside, anything can be made; elsewhere a folder has to be there. */
async function canBeMade(home: string): Promise<boolean> {
  if (/^\/(?:home|run|tmp)\/[^/]|^\/root$/.test(home)) return true;
  if (!home.startsWith("/") || /^\/(?:dev|proc|sys|workspace)?(?:\/|$)/.test(home)) return false;
  const found = await stat(home);
  return found.ok && found.value?.kind === "folder";
}
