import { createHash } from "node:crypto";
import type { TempFile } from "../host/temp-file.js";
import { fail, ok, type Result } from "../result.js";
import { headBytes, recognise } from "../vault/format.js";
import type { DownloadRequest, RemoteObject } from "./types.js";

export interface Fetched {
  readonly object: RemoteObject;
  /** Of its bytes, hex. */
  readonly sha256: string;
}

type Download = (request: DownloadRequest) => Promise<Result<RemoteObject>>;

/**
 * Downloads a vault into a temporary file, which is complete and synced afterwards. Failures: those of the download and
 * of the file, and `vault-damaged` for what is no vault, or not what its writer noted.
 */
export async function fetchVault(
  download: Download,
  temp: TempFile,
  { name, ...request }: Omit<DownloadRequest, "write"> & { readonly name: string },
): Promise<Result<Fetched>> {
  const hash = createHash("sha256");
  let head: Buffer = Buffer.alloc(0);
  const found = await download({
    ...request,
    write: (piece) => {
      hash.update(piece);
      if (head.length < headBytes) head = Buffer.concat([head, piece]).subarray(0, headBytes);
      return temp.write(piece);
    },
  });
  if (!found.ok) return found;
  const object = found.value;
  const sha256 = hash.digest("hex");
  if (recognise(head) === undefined)
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
