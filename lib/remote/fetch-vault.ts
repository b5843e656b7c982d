import { createHash } from "node:crypto";
import type { TempFile } from "../host/temp-file.js";
import { fail, ok, type Result } from "../failure/result.js";
import { detectFormat } from "../vault/vault-format.js";
import { checkSize, checkWork } from "./download-limits.js";
import type { DownloadLimits, DownloadRequest, RemoteObject } from "./remote-types.js";

/** Enough for `recognise` and for the two lines of an age file that say how much work it takes. */
const firstLines = 256;

export interface Fetched {
  readonly object: RemoteObject;
  /** Of its bytes, hex. */
  readonly sha256: string;
}

interface FetchRequest extends Omit<DownloadRequest, "write"> {
  /** What messages call the vault. */
  readonly name: string;
  readonly downloadLimits: DownloadLimits;
}

type Download = (request: DownloadRequest) => Promise<Result<RemoteObject>>;

/**
 * Downloads a vault into a temporary file, which is complete and synced afterwards. Failures: those of the download and
 * of the file; `archive-too-large` and `vault-format` for more than is accepted, before it is on the disk; `vault-damaged`
 * for what is no vault, or not what its writer noted.
 */
export async function fetchVault(
  download: Download,
  temp: TempFile,
  { name, downloadLimits, ...request }: FetchRequest,
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
  if (detectFormat(head) === undefined)
    return fail({
      kind: "vault-damaged",
      path: name,
      detail: `it has ${object.bytes} bytes and is no vault`,
    });
  if (object.sha256 !== undefined && object.sha256 !== sha256)
    return fail({ kind: "vault-damaged", path: name, detail: "its bytes are not those that were pushed" });
  const finished = await temp.finish();
  return finished.ok ? ok({ object, sha256 }) : finished;
}
