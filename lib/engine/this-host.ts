import type { Finished } from "../host/process.js";

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
