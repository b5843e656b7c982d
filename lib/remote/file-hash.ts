import { createHash } from "node:crypto";
import { interrupted } from "../aws/errors.js";
import { attempt } from "../host/file-failure.js";
import { openRead } from "../host/files.js";
import { fail, ok, type Result } from "../result.js";

/** The sha256 (hex) of a file. Failures: `file`, `interrupted`. */
export async function fileHash(path: string, signal?: AbortSignal): Promise<Result<string>> {
  const opened = await openRead(path);
  if (!opened.ok) return opened;
  const hash = createHash("sha256");
  const read = await attempt("read", path, async () => {
    for await (const piece of opened.value as AsyncIterable<Buffer>) {
      if (signal?.aborted === true) return;
      hash.update(piece);
    }
  });
  if (!read.ok) return read;
  return signal?.aborted === true ? fail(interrupted(signal)) : ok(hash.digest("hex"));
}
