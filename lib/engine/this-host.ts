import { userInfo } from "node:os";
import { Readable } from "node:stream";
import type { Finished } from "../host/process.js";
import { ownerSync, stat } from "../host/files.js";
import { ok, type Result } from "../failure/result.js";
import type { ContainerUser, Engine } from "./engine.js";

/** The "image" of engines that run the host's own programs. */
export const hostImage = "this host's system";

/** Returns the state of a container that is processes of this host. */
export function runState(isRunning: boolean): { state: "running" | "stopped"; reported: string } {
  const state = isRunning ? "running" : "stopped";
  return { state, reported: state };
}

/** Returns changes to this process's environment that leave a program exactly `env`. */
export function exactEnvironment(env: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...Object.fromEntries(Object.keys(process.env).map((key) => [key, undefined])), ...env };
}

/** The result of a program in a container that is not running, worded so that `isNotRunning` recognises it. */
export const notRunning = (name: string): Finished => ({
  code: 1,
  signal: undefined,
  stdout: Buffer.alloc(0),
  stderr: `${name} is not running`,
});

/** Returns an `exec` that ends what is read for a program, also if the program was not started and read nothing. */
export function endingInput(exec: Engine["exec"]): Engine["exec"] {
  return async (name, argv, options) => {
    const done = await exec(name, argv, options);
    if (options.input instanceof Readable) options.input.destroy();
    return done;
  };
}

/** Tells whether root runs tazpod in a project of root's, whose files the user inside could not write. */
export function isRootsOwn(project: string | undefined): boolean {
  return project !== undefined && process.getuid?.() === 0 && ownerSync(project)?.uid === 0;
}

/** Returns the user who runs tazpod, with their home in a namespace. */
export async function thisUser(): Promise<Result<ContainerUser>> {
  const { uid, gid, name, home } = known();
  return ok({ uid, gid, name, home: await homeInside(home, name) });
}

/** Returns the user's home in a namespace: the system's one, so that lookups agree, or else /home/NAME. */
export async function homeInside(home: string, name: string): Promise<string> {
  return (await canBeMade(home)) ? home : `/home/${name}`;
}

function known(): ContainerUser & { readonly name: string } {
  try {
    const { uid, gid, username: name, homedir: home } = userInfo();
    return { uid, gid, name, home };
  } catch {
    // the user id has no entry in the system's user database
    const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
    return { uid, gid, name: String(uid), home: "/" };
  }
}

/** Returns the user's login shell, or /bin/sh if that shell lies in a folder that is not visible inside. */
export function thisShell(): string {
  try {
    const { shell } = userInfo();
    return shell?.startsWith("/") === true && !/^\/(?:home|root|tmp|run)\//.test(shell) ? shell : "/bin/sh";
  } catch {
    return "/bin/sh";
  }
}

/**
 * Tells whether a home can be created there in a namespace: below a fresh tmpfs always, elsewhere if the folder exists.
 */
async function canBeMade(home: string): Promise<boolean> {
  if (/^\/(?:home|run|tmp)\/[^/]|^\/root$/.test(home)) return true;
  if (!home.startsWith("/") || /^\/(?:dev|proc|sys|workspace)?(?:\/|$)/.test(home)) return false;
  const found = await stat(home);
  return found.ok && found.value?.kind === "folder";
}
