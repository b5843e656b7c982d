import { join } from "node:path";
import type { FailureOf } from "../failure.js";
import { readText, writeAtomic } from "../host/files.js";
import { ok, type Result } from "../result.js";

/** What this host remembers of its vault, in .tazpod/vault/state.json. Losing it loses no vault. */
export interface VaultState {
  readonly version: 1;
  /** The last push to a remote, or pull from it. */
  readonly pushed?: PushedRecord;
  /** A push that was begun: if the remote has this write id, it went through though nobody heard of it. */
  readonly pending?: PendingRecord;
}

export interface PendingRecord {
  readonly remote: string;
  readonly sha256: string;
  readonly writeId: string;
}

export interface PushedRecord {
  /** The remote's URL. */
  readonly remote: string;
  /** Of the sealed file that lay here and there then, hex. */
  readonly sha256: string;
  /** What the remote called it. */
  readonly etag: string;
  /** ISO 8601. */
  readonly at: string;
  readonly writeId?: string;
}

/** `problem` when the file is there but is no state: then nothing counts as pushed, which is the careful side. */
export interface ReadState {
  readonly state: VaultState;
  readonly problem?: FailureOf<"invalid-document">;
}

const nothing: VaultState = { version: 1 };

export async function readState(folder: string): Promise<Result<ReadState>> {
  const file = stateFile(folder);
  const text = await readText(file);
  if (!text.ok) return text;
  if (text.value === undefined) return ok({ state: nothing });
  const state = parse(text.value);
  if (state !== undefined) return ok({ state });
  const message = `${file} is not what tazpod wrote, so nothing counts as pushed`;
  return ok({
    state: nothing,
    problem: {
      kind: "invalid-document",
      problems: [{ message, hint: "Remove it; a push or pull writes it anew." }],
    },
  });
}

export function writeState(folder: string, state: VaultState): Promise<Result<void>> {
  return writeAtomic(stateFile(folder), `${JSON.stringify(state, null, 2)}\n`, 0o600);
}

function stateFile(folder: string): string {
  return join(folder, "state.json");
}

function parse(text: string): VaultState | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(read) || read["version"] !== 1) return undefined;
  const pushed = read["pushed"] === undefined ? undefined : parsePushed(read["pushed"]);
  if (pushed === undefined && read["pushed"] !== undefined) return undefined;
  const pending = parsePending(read["pending"]);
  return {
    version: 1,
    ...(pushed === undefined ? {} : { pushed }),
    ...(pending === undefined ? {} : { pending }),
  };
}

function parsePending(read: unknown): PendingRecord | undefined {
  if (!isRecord(read)) return undefined;
  const { remote, sha256, writeId } = read;
  if (typeof remote !== "string" || typeof sha256 !== "string" || typeof writeId !== "string")
    return undefined;
  return { remote, sha256, writeId };
}

function parsePushed(read: unknown): PushedRecord | undefined {
  if (!isRecord(read)) return undefined;
  const { remote, sha256, etag, at, writeId } = read;
  if (
    typeof remote !== "string" ||
    typeof sha256 !== "string" ||
    typeof etag !== "string" ||
    typeof at !== "string"
  )
    return undefined;
  if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  return { remote, sha256, etag, at, ...(typeof writeId === "string" ? { writeId } : {}) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
