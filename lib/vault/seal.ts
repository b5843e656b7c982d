import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { fail, ok, type Result, settle } from "../result.js";
import type { Secret } from "../secret.js";
import type { VaultFormat } from "./format.js";
import { sealV1 } from "./v1.js";

/** Measured on 64 MiB of mixed content; see docs/vault-format.md. */
const gzipLevel = 1;

/**
 * Seals a tar stream; the sealed bytes are the only thing held in memory. The stream is one that `normalise` made:
 * a `Failed` in it is the failure of this. Also fails with `passphrase-unusable` (empty) and `vault-format` (age).
 */
export async function sealVault(
  tar: Readable,
  passphrase: Secret,
  format: VaultFormat,
): Promise<Result<Buffer>> {
  const usable = check(passphrase, format);
  if (!usable.ok) {
    tar.destroy();
    return usable;
  }
  return settle(() => sealed(tar, passphrase));
}

async function sealed(tar: Readable, passphrase: Secret): Promise<Buffer> {
  let result: Buffer | undefined;
  await pipeline(tar, createGzip({ level: gzipLevel }), async (compressed: AsyncIterable<Buffer>) => {
    result = await sealV1(compressed, passphrase);
  });
  if (result === undefined) throw new Error("the pipeline ended without a sealed vault");
  return result;
}

function check(passphrase: Secret, format: VaultFormat): Result<void> {
  if (passphrase.length === 0) {
    return fail({ kind: "passphrase-unusable", source: "the passphrase", detail: "it is empty" });
  }
  if (format === "age") {
    return fail({
      kind: "vault-format",
      path: "a new vault",
      detail: "this version does not write the age format yet",
    });
  }
  return ok(undefined);
}
