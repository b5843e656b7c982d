import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { fail, ok, type Result, settle, take } from "../result.js";
import type { Secret } from "../secret.js";
import { sealAge } from "./age/age.js";
import type { VaultFormat } from "./format.js";
import { sealV1 } from "./v1.js";

/** Where sealed bytes go, piece by piece; a failure ends the sealing. */
export type Write = (piece: Buffer) => Promise<Result<void>>;

/** Measured on 64 MiB of mixed content; see docs/vault-format.md. */
const gzip = { level: 1, chunkSize: 256 * 1024 } as const;

/**
 * Seals a tar stream into `write`, and gives the SHA-256 of what was written (hex). The stream is one that `normalise`
 * made: a `Failed` in it is the failure of this, as is one of `write`. Also fails with `passphrase-unusable` (empty).
 */
export async function sealVault(
  tar: Readable,
  passphrase: Secret,
  format: VaultFormat,
  write: Write,
): Promise<Result<string>> {
  const usable = check(passphrase);
  if (!usable.ok) {
    tar.destroy();
    return usable;
  }
  const seal = { v1: sealV1, age: sealAge }[format];
  const hash = createHash("sha256");
  return settle(async () => {
    await pipeline(tar, createGzip(gzip), async (compressed: AsyncIterable<Buffer>) => {
      for await (const piece of seal(compressed, passphrase)) {
        hash.update(piece);
        take(await write(piece));
      }
    });
    return hash.digest("hex");
  });
}

function check(passphrase: Secret): Result<void> {
  if (passphrase.length > 0) return ok(undefined);
  return fail({ kind: "passphrase-unusable", source: "the passphrase", detail: "it is empty" });
}
