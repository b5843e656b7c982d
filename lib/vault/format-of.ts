import { openRead } from "../host/files.js";
import { fail, ok, type Result } from "../failure/result.js";
import { headBytes, detectFormat, type VaultFormat } from "./format.js";

/** The format of a sealed file, by its first bytes. Failures: `vault-damaged` when it can be none, `file`. */
export async function readFormat(path: string): Promise<Result<VaultFormat>> {
  const head = await openRead(path, { start: 0, end: headBytes - 1 });
  if (!head.ok) return head;
  const chunks: Buffer[] = [];
  for await (const chunk of head.value as AsyncIterable<Buffer>) chunks.push(chunk);
  const format = detectFormat(Buffer.concat(chunks));
  return format === undefined
    ? fail({ kind: "vault-damaged", path, detail: "it is too short to be a vault" })
    : ok(format);
}
