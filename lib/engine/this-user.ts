import { userInfo } from "node:os";
import { stat } from "../host/files.js";
import { ok, type Result } from "../failure/result.js";
import type { ContainerUser } from "./types.js";

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
