import { defaults } from "../project/defaults.js";
import type { Config } from "../project/project.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { DownloadLimits } from "./remote-types.js";

/** Where no config says what a vault may be. */
export const noSizeLimit: DownloadLimits = {
  bytes: Number.MAX_SAFE_INTEGER,
  workFactor: defaults.workFactor,
};

/** How many copies of a history are listed: tens of years of daily pushes. A remote could list without end. */
export const maxCopies = 20_000;

/**
 * The largest sealed vault that could be opened: each part has to fit into the RAM folder, alone or with others. Sealing
 * what does not compress adds less than 1/64.
 */
export function downloadLimitsOf({ secretsBytes, parts, workFactor }: Config): DownloadLimits {
  const content = secretsBytes * (parts.length + 1);
  return { bytes: content + Math.ceil(content / 64) + 1024 ** 2, workFactor };
}

/** Failure: `archive-too-large`. */
export function checkSize(bytes: number, { bytes: limit }: DownloadLimits, url: string): Result<void> {
  return bytes <= limit ? ok(undefined) : fail({ kind: "archive-too-large", bytes, limit, what: url });
}

/**
 * Checks how much work the passphrase of an age file takes, by the beginning of the file; what is malformed is found when it
 * is opened. Failure: `vault-format`.
 */
export function checkWork(head: Buffer, { workFactor: limit }: DownloadLimits, url: string): Result<void> {
  const found = /^age-encryption\.org\/v1\n-> scrypt [^ \n]+ ([1-9][0-9]*)\n/.exec(
    head.toString("latin1"),
  )?.[1];
  if (found === undefined || Number(found) <= limit) return ok(undefined);
  return fail({
    kind: "vault-format",
    path: url,
    detail: `trying a passphrase on it takes scrypt with N = 2^${found}, and at most 2^${limit} is accepted from a remote. If you sealed it so, set vault.max_work_factor in .tazpod/config.yaml`,
  });
}
