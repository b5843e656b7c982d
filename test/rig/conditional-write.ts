import { randomBytes, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Remote, RemoteObject, Uploaded, WriteCondition } from "../../lib/remote/remote-types.js";
import type { Result } from "../../lib/failure/result.js";
import { newFolder } from "./folder.js";
import { value } from "./result.js";
import { sha256Of } from "./sha256.js";

/** Uploads random bytes under a condition. */
export async function put(remote: Remote, condition: WriteCondition): Promise<Result<Uploaded>> {
  const from = join(await newFolder(), "vault");
  await writeFile(from, randomBytes(100));
  const metadata = { host: "a", writeId: randomUUID(), generation: 1, sha256: await sha256Of(from) };
  return remote.upload({ from, metadata, condition });
}

/** Returns the object that was written; throws if the write was refused. */
export function written(result: Result<Uploaded>): RemoteObject {
  const uploaded = value(result);
  if (uploaded.state === "written") return uploaded.object;
  throw new Error(`refused: ${JSON.stringify(uploaded.found)}`);
}

/** Returns what was there instead; throws if the write was not refused. */
export function refused(result: Result<Uploaded>): RemoteObject | "absent" {
  const uploaded = value(result);
  if (uploaded.state === "written") throw new Error("written");
  return uploaded.found.state === "absent" ? "absent" : uploaded.found.object;
}
