import { fail, ok, type Result } from "../result.js";
import { call } from "./call.js";
import { readMarker, remark } from "./scripts.js";
import type { Enclave, Marker } from "./types.js";

/**
 * The marker of the open vault; "closed" when there is none; "closing" when a lock did not come to its end, so that the
 * folder may still hold part of what was open. All of that had been saved, or given up, before.
 */
export async function marker(enclave: Enclave): Promise<Result<Marker | "closed" | "closing">> {
  const done = await call(enclave, readMarker, [0, 3, 5]);
  if (!done.ok) return done;
  if (done.value.code !== 0) return ok(done.value.code === 5 ? "closing" : "closed");
  return ok(JSON.parse(done.value.stdout.toString()) as Marker);
}

/** Says what the sealed vault holds from now on. Failure: `vault-closed`. */
export async function setMarker(enclave: Enclave, next: Marker): Promise<Result<void>> {
  const done = await call(enclave, remark, [0, 3], { input: JSON.stringify(next) });
  if (!done.ok) return done;
  return done.value.code === 0 ? ok(undefined) : fail({ kind: "vault-closed" });
}
