import { fail, ok, type Result } from "../failure/result.js";
import { execScript } from "./exec.js";
import type { SecretsFolder } from "./types.js";

const read = `cd "$1" || exit 4; [ -f "$2" ] || exit 3; exec cat -- "$2"`;

/** The content of one file of the open vault, by its path in it; it is the caller's to wipe. Undefined when there is no such file. */
export async function readFile(secrets: SecretsFolder, path: string): Promise<Result<Buffer | undefined>> {
  const done = await execScript(secrets, read, [0, 3], {}, [path]);
  if (!done.ok) return done;
  if (done.value.code === 3) return ok(undefined);
  return done.value.code === 0 ? ok(done.value.stdout) : fail({ kind: "vault-closed" });
}
