import { fail, ok, type Result } from "../failure/result.js";
import { execScript, printedSummary } from "./exec.js";
import { clear as script } from "./container-scripts.js";
import type { SecretsFolder } from "./secrets-folder.js";

interface ClearOptions {
  /** Processes that have a file of it open are ended. */
  readonly force?: boolean;
  /** Also what no vault was opened for, and whatever was made of tazpod's own files there. */
  readonly all?: boolean;
}

/**
 * Empties the RAM folder, removes the links into it, and makes sure that it is empty, and that no process inside still has a file of it open: with
 * `force`, such are ended. Failures: `still-open` with what would not go; `still-held` with the processes, and then it is
 * not at its end, and to be done again.
 */
export async function clearFolder(
  secrets: SecretsFolder,
  { force = false, all = false }: ClearOptions = {},
): Promise<Result<void>> {
  const flags = [force ? "force" : "", all ? "all" : ""];
  const done = await execScript(secrets, script, [0, 5, 7], {}, [...flags, ...secrets.bridges]);
  if (!done.ok) return done;
  if (done.value.code === 0) return ok(undefined);
  const detail = printedSummary(done.value);
  return fail(
    done.value.code === 7 ? { kind: "still-held", holders: detail } : { kind: "still-open", detail },
  );
}

/** Whether the RAM folder has nothing in it but what is tazpod's own. */
export async function isEmpty(secrets: SecretsFolder): Promise<Result<boolean>> {
  const done = await execScript(secrets, 'ls -A "$1" | grep -vxF .tazpod | head -n 1', [0, 1]);
  return done.ok ? ok(done.value.stdout.length === 0) : done;
}

const read = `cd "$1" || exit 4; [ -f "$2" ] || exit 3; exec cat -- "$2"`;

/** The content of one file of the open vault, by its path in it; it is the caller's to wipe. Undefined when there is no such file. */
export async function readFile(secrets: SecretsFolder, path: string): Promise<Result<Buffer | undefined>> {
  const done = await execScript(secrets, read, [0, 3], {}, [path]);
  if (!done.ok) return done;
  if (done.value.code === 3) return ok(undefined);
  return done.value.code === 0 ? ok(done.value.stdout) : fail({ kind: "vault-closed" });
}
