import { createHash } from "node:crypto";
import { fail, ok, type Result } from "../result.js";
import { attempt } from "./file-failure.js";
import { openRead } from "./files.js";

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
  if (signal?.aborted !== true) return ok(hash.digest("hex"));
  return fail({ kind: "interrupted", signal: typeof signal.reason === "string" ? signal.reason : "SIGINT" });
}
