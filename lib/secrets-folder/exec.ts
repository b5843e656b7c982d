import { isNotRunning } from "../engine/oci/flavors.js";
import type { Finished, ProcessOptions } from "../host/process.js";
import { fail, type Result } from "../failure/result.js";
import { listNames } from "../host/human.js";
import type { SecretsFolder } from "./secrets-folder.js";

/**
 * The time limit of a script, in ms. For one that takes input, and so a time that depends on its size, how long it may
 * neither print nor take some.
 */
export const scriptStallMs = 60_000;

/** The name of tazpod's own file in which this process notes how the folder looked when it last read it. */
export const readNote = `read-${process.pid}`;

/** Returns the argv of a script, with the secrets folder as `$1` and `more` from `$2` on. */
export function scriptArgv(secrets: SecretsFolder, script: string, more: readonly string[] = []): string[] {
  return ["sh", "-c", script, "tazpod", secrets.folder, ...more];
}

/**
 * Runs a script in the container; an exit code that is not in `expected` is `command-failed` with the script's output.
 */
export async function execScript(
  secrets: SecretsFolder,
  script: string,
  expected: readonly number[],
  options: ProcessOptions = {},
  more: readonly string[] = [],
): Promise<Result<Finished>> {
  const { engine, container, user } = secrets;
  const done = await engine.exec(container, scriptArgv(secrets, script, more), {
    ...(options.input === undefined ? { timeoutMs: scriptStallMs } : { stallMs: scriptStallMs }),
    ...options,
    user,
  });
  if (!done.ok || expected.includes(done.value.code ?? -1)) return done;
  if (isNotRunning(done.value.stderr))
    return fail({ kind: "container-gone", name: container, unsaved: false });
  const detail = [done.value.stderr, done.value.stdout.toString().slice(0, 500)].filter(Boolean).join("\n");
  return fail({ kind: "command-failed", command: ["exec", container, "sh"], code: done.value.code, detail });
}

/** Returns the lines that a script printed. */
export function printedLines(done: Finished): string[] {
  return done.stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

/** Returns up to ten lines that a script printed, for a message. */
export function printedSummary(done: Finished): string {
  return listNames(printedLines(done), 10);
}

/** The final attributes of a folder, set after it is filled. */
export interface FolderAttributes {
  readonly path: string;
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** Escapes a path for a script's stdin: characters special to a shell as escapes of printf's %b. */
export function escapePath(path: string): string {
  return [...Buffer.from(path)]
    .map((byte) =>
      /[A-Za-z0-9._/-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `\\0${byte.toString(8).padStart(3, "0")}`,
    )
    .join("");
}

/** Formats a folder's attributes as an input line of the scripts. */
export function folderLine({ path, mode, mtime }: FolderAttributes): string {
  return `${mode.toString(8)} ${mtime} ${escapePath(path)}`;
}
