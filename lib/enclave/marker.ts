import { fail, ok, type Result } from "../result.js";
import { call } from "./call.js";
import { readMarker, remark } from "./scripts.js";
import type { Enclave, Marker } from "./types.js";

/** The marker of the open vault; undefined when it is not open. */
export async function marker(enclave: Enclave): Promise<Result<Marker | undefined>> {
  const done = await call(enclave, readMarker, [0, 3]);
  if (!done.ok) return done;
  return ok(done.value.code === 0 ? (JSON.parse(done.value.stdout.toString()) as Marker) : undefined);
}

/** Says what the sealed vault holds from now on. Failure: `vault-closed`. */
export async function setMarker(enclave: Enclave, next: Marker): Promise<Result<void>> {
  const done = await call(enclave, remark, [0, 3], { input: JSON.stringify(next) });
  if (!done.ok) return done;
  return done.value.code === 0 ? ok(undefined) : fail({ kind: "vault-closed" });
}
