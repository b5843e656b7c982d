import { defaults } from "../project/defaults.js";
import type { Config } from "../project/project.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { DownloadLimits } from "./remote-types.js";

/** The limits used without a config. */
export const noSizeLimit: DownloadLimits = {
  bytes: Number.MAX_SAFE_INTEGER,
  workFactor: defaults.workFactor,
};

/** How many history copies are listed at most: decades of daily pushes. A remote could list without end. */
export const maxCopies = 20_000;

/**
 * Returns the limits for a config: each part must fit into the secrets folder, alone or with others. Sealing
 * incompressible data adds less than 1/64.
 */
export function downloadLimitsOf({ secretsBytes, parts, workFactor }: Config): DownloadLimits {
  const content = secretsBytes * (parts.length + 1);
  return { bytes: content + Math.ceil(content / 64) + 1024 ** 2, workFactor };
}

/** Checks the size of a sealed vault. Failure: `archive-too-large`. */
export function checkSize(bytes: number, { bytes: limit }: DownloadLimits, url: string): Result<void> {
  return bytes <= limit ? ok(undefined) : fail({ kind: "archive-too-large", bytes, limit, what: url });
}

/**
 * Checks the scrypt work factor at the beginning of an age file; malformed headers are found when it is opened.
 * Failure: `vault-format`.
 */
export function checkWork(head: Buffer, { workFactor: limit }: DownloadLimits, url: string): Result<void> {
  const found = /^age-encryption\.org\/v1\n-> scrypt [^ \n]+ ([1-9][0-9]*)\n/.exec(
    head.toString("latin1"),
  )?.[1];
  if (found === undefined || Number(found) <= limit) return ok(undefined);
  return fail({
    kind: "vault-format",
    path: url,
    detail: `its scrypt work factor is 2^${found}, above the limit of 2^${limit} for a vault from a remote. If you sealed it that way, set vault.max_work_factor in .tazpod/config.yaml`,
  });
}
