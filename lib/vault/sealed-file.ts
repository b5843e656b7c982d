import { createHash } from "node:crypto";
import { readBytes } from "../host/files.js";
import { fail, ok, type Result } from "../result.js";

/** A sealed vault in memory, with the SHA-256 by which it is known again (hex). */
export interface SealedFile {
  readonly bytes: Buffer;
  readonly sha256: string;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Failures: `vault-absent`, `file`. */
export async function readSealedFile(path: string): Promise<Result<SealedFile>> {
  const bytes = await readBytes(path);
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined) return fail({ kind: "vault-absent", path });
  return ok({ bytes: bytes.value, sha256: sha256(bytes.value) });
}
