import { createHash } from "node:crypto";
import type { TempFile } from "../host/temp-file.js";
import { fail, ok, type Result } from "../failure/result.js";
import { detectFormat, notAVault, type VaultFormat } from "../vault/vault-format.js";
import { checkSize, checkWork } from "./download-limits.js";
import type { DownloadLimits, DownloadRequest, RemoteObject } from "./remote-types.js";

/** Enough bytes for `detectFormat` and the lines of an age file with the work factor. */
const firstLines = 256;

/** A downloaded vault. */
export interface Fetched {
  readonly object: RemoteObject;
  /** SHA-256 of its bytes, hex. */
  readonly sha256: string;
}

interface FetchRequest extends Omit<DownloadRequest, "write"> {
  /** The vault's name in messages. */
  readonly name: string;
  readonly downloadLimits: DownloadLimits;
  /** The format of the vault that the fetched one is to replace: an age vault is never replaced by a v1 one. */
  readonly replaces?: VaultFormat | undefined;
}

type Download = (request: DownloadRequest) => Promise<Result<RemoteObject>>;

/**
 * Downloads a vault into a temporary file and syncs it. Failures: those of the download and of the file;
 * `archive-too-large` and `vault-format` beyond the limits, before anything is written; `vault-damaged` for what is not
 * a vault or differs from the hash in its metadata.
 */
export async function fetchVault(
  download: Download,
  temp: TempFile,
  { name, downloadLimits, replaces, ...request }: FetchRequest,
): Promise<Result<Fetched>> {
  const hash = createHash("sha256");
  let head: Buffer = Buffer.alloc(0);
  const found = await download({
    ...request,
    inspect: (object) => {
      const fits = checkSize(object.bytes, downloadLimits, name);
      return fits.ok ? (request.inspect?.(object) ?? ok(undefined)) : fits;
    },
    write: async (piece) => {
      hash.update(piece);
      if (head.length < firstLines) {
        head = Buffer.concat([head, piece]).subarray(0, firstLines);
        const work = checkWork(head, downloadLimits, name);
        if (!work.ok) return work;
      }
      return temp.write(piece);
    },
  });
  if (!found.ok) return found;
  const object = found.value;
  const sha256 = hash.digest("hex");
  const format = detectFormat(head);
  const damaged = (detail: string): Result<never> =>
    fail({ kind: "vault-damaged", path: name, detail, isRemote: true });
  if (format === undefined) return damaged(notAVault(head));
  if (format === "v1" && replaces === "age") return damaged("the local vault is an age file, and it is none");
  if (object.sha256 !== undefined && object.sha256 !== sha256)
    return damaged("it differs from what was pushed");
  const finished = await temp.finish();
  return finished.ok ? ok({ object, sha256 }) : finished;
}

/**
 * Names the remote's vault in a failure about the temporary file that it was downloaded to, so that it is not taken for
 * the local vault.
 */
export function aboutFetched<T>(result: Result<T>, path: string, name: string): Result<T> {
  if (result.ok) return result;
  const { failure } = result;
  if (failure.kind === "vault-damaged" && failure.path === path)
    return fail({ ...failure, path: name, isRemote: true });
  if ((failure.kind === "wrong-passphrase" || failure.kind === "vault-format") && failure.path === path)
    return fail({ ...failure, path: name });
  return result;
}
