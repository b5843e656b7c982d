import { fail, ok, type Result } from "../failure/result.js";
import { execScript, printedSummary, readNote } from "./exec.js";
import { abandon, clear as script } from "./container-scripts.js";
import type { SecretsFolder } from "./secrets-folder.js";

interface ClearOptions {
  /** Ends processes that have files of the folder open. */
  readonly force?: boolean;
  /** Also removes files without an open vault, and whatever replaced tazpod's own files. */
  readonly all?: boolean;
  /** Fails with `changed-meanwhile` if the folder no longer looks as this process last noted. */
  readonly onlyIfUnchanged?: boolean;
}

/**
 * Empties the secrets folder, removes the links into it, and checks that it is empty and that no process has files of
 * it open; `force` ends such processes. Failures: `still-open` with what could not be removed; `still-held` with the
 * processes, and then it must be repeated.
 */
export async function clearFolder(
  secrets: SecretsFolder,
  { force = false, all = false, onlyIfUnchanged = false }: ClearOptions = {},
): Promise<Result<void>> {
  const flags = [force ? "force" : "", all ? "all" : "", onlyIfUnchanged ? readNote : ""];
  const done = await execScript(secrets, script, [0, 5, 6, 7], {}, [...flags, ...secrets.bridges]);
  if (!done.ok) return done;
  if (done.value.code === 0) return ok(undefined);
  if (done.value.code === 6)
    return fail({
      kind: "changed-meanwhile",
      detail: "The vault's files have changed since they were saved",
    });
  const detail = printedSummary(done.value);
  return fail(
    done.value.code === 7 ? { kind: "still-held", holders: detail } : { kind: "still-open", detail },
  );
}

/** Ends the emptying of a folder that is empty although processes still have its old files open. */
export async function forgetHolders(secrets: SecretsFolder): Promise<Result<void>> {
  const done = await execScript(secrets, abandon, [0]);
  return done.ok ? ok(undefined) : done;
}

/** Returns whether the secrets folder is empty, apart from tazpod's own files. */
export async function isEmpty(secrets: SecretsFolder): Promise<Result<boolean>> {
  const done = await execScript(secrets, 'ls -A "$1" | grep -vxF .tazpod | head -n 1', [0, 1]);
  return done.ok ? ok(done.value.stdout.length === 0) : done;
}

const read = `cd "$1" || exit 4; [ -f "$2" ] || exit 3; exec cat -- "$2"`;

/** Reads a file of the open vault by its path in it; undefined when there is none. The caller wipes the content. */
export async function readFile(secrets: SecretsFolder, path: string): Promise<Result<Buffer | undefined>> {
  const done = await execScript(secrets, read, [0, 3], {}, [path]);
  if (!done.ok) return done;
  if (done.value.code === 3) return ok(undefined);
  return done.value.code === 0 ? ok(done.value.stdout) : fail({ kind: "vault-closed" });
}
