import { fail, ok, type Result } from "../result.js";
import { call, printed } from "./call.js";
import { clear as script } from "./scripts.js";
import type { Enclave } from "./types.js";

/**
 * Empties the RAM folder, removes the links into it, and makes sure that it is empty, and that no process inside still has a file of it open: with
 * `force`, such are ended. Failures: `still-open` with what would not go; `still-held` with the processes, and then it is
 * not at its end, and to be done again.
 */
export async function clear(enclave: Enclave, force = false): Promise<Result<void>> {
  const done = await call(enclave, script, [0, 5, 7], {}, [force ? "force" : "", ...enclave.bridges]);
  if (!done.ok) return done;
  if (done.value.code === 0) return ok(undefined);
  const detail = printed(done.value);
  return fail(
    done.value.code === 7 ? { kind: "still-held", holders: detail } : { kind: "still-open", detail },
  );
}
