import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fail, ok, type Result, settle, take } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { sealAge } from "./age/age.js";
import type { VaultFormat } from "./vault-format.js";
import { gzip } from "./archive/gzip.js";
import { sealV1 } from "./v1.js";

/** Receives sealed bytes; a failure stops the sealing. */
export type Write = (piece: Buffer) => Promise<Result<void>>;

/**
 * Seals a tar stream that `normalise` made, and returns the SHA-256 (hex) of the written bytes. `salt` comes from
 * `takeSalt`, for the age format. Failures: a `Failed` of the tar, those of `write`, `passphrase-unusable` (empty).
 */
export async function sealVault(
  tar: Readable,
  passphrase: Secret,
  format: VaultFormat,
  write: Write,
  salt?: Buffer,
): Promise<Result<string>> {
  const usable = check(passphrase);
  if (!usable.ok) {
    tar.destroy();
    return usable;
  }
  const hash = createHash("sha256");
  return settle(async () => {
    await pipeline(tar, gzip, async (compressed: AsyncIterable<Buffer>) => {
      const sealed =
        format === "v1" ? sealV1(compressed, passphrase) : sealAge(compressed, passphrase, undefined, salt);
      for await (const piece of sealed) {
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
