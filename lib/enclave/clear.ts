import { fail, ok, type Result } from "../result.js";
import { call, printed } from "./call.js";
import { clear as script } from "./scripts.js";
import type { Enclave } from "./types.js";

/** Empties the RAM folder and makes sure that it is empty. Failure: `still-open` with what would not go. */
export async function clear(enclave: Enclave): Promise<Result<void>> {
  const done = await call(enclave, script, [0, 5]);
  if (!done.ok) return done;
  return done.value.code === 0 ? ok(undefined) : fail({ kind: "still-open", detail: printed(done.value) });
}
