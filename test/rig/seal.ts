import type { Readable } from "node:stream";
import type { VaultFormat } from "../../lib/vault/vault-format.js";
import { ok, type Result } from "../../lib/failure/result.js";
import type { Secret } from "../../lib/host/secret.js";
import { sealVault } from "../../lib/vault/seal-vault.js";

/** A sealed vault in memory. */
export async function sealed(
  tar: Readable,
  passphrase: Secret,
  format: VaultFormat,
): Promise<Result<Buffer>> {
  const pieces: Buffer[] = [];
  const done = await sealVault(tar, passphrase, format, async (piece) => {
    pieces.push(piece);
    return ok(undefined);
  });
  return done.ok ? ok(Buffer.concat(pieces)) : done;
}

/** Collects all bytes of a generator. */
export async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const held: Buffer[] = [];
  for await (const piece of pieces) held.push(piece);
  return Buffer.concat(held);
}
