import { ok, type Result } from "../failure/result.js";
import { execScript } from "./exec.js";
import type { SecretsFolder } from "./types.js";

/** Whether the RAM folder has nothing in it but what is tazpod's own. */
export async function isEmpty(secrets: SecretsFolder): Promise<Result<boolean>> {
  const done = await execScript(secrets, 'ls -A "$1" | grep -vxF .tazpod | head -n 1', [0, 1]);
  return done.ok ? ok(done.value.stdout.length === 0) : done;
}
