import { join } from "node:path";
import type { FailureOf } from "../failure/failure.js";
import { readText } from "../host/files.js";
import { projectState, writeState as writeFile } from "../host/project-state.js";
import { ok, type Result } from "../failure/result.js";

/** What this host remembers of its vault, in `state.json` of its state of the project. Losing it loses no vault. */
export interface VaultState {
  readonly version: 1;
  /** The last push to a remote, or pull from it. */
  readonly pushed?: PushedRecord;
  /** Pushes that were begun, the last one last: one whose write id the remote has went through, though nobody heard. */
  readonly pending?: readonly PendingRecord[];
  /** What a pull was about to put here: it has come about where the vault here is that, or was made from it. */
  readonly arriving?: PushedRecord;
  /** The vault here, when it was this host that sealed it. */
  readonly sealed?: SealedRecord;
  /** The last vault that has opened here, or was sealed here: none with a lower generation is taken for its successor. */
  readonly newest?: SealedRecord;
}

export interface SealedRecord {
  /** Of the sealed file, hex: what else is known counts for that file alone. */
  readonly sha256: string;
  /** As in its manifest. */
  readonly generation: number;
  /** Digest of its content, hex. */
  readonly content: string;
}

export interface PendingRecord {
  readonly remote: string;
  readonly sha256: string;
  readonly writeId: string;
  readonly generation: number;
}

/** So many pushes may be on their way at once, each given up by this host. */
const maxPending = 8;

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
  /** Who wrote it, where the remote says so. */
  readonly host?: string;
  /** The highest that this host has seen there. */
  readonly generation?: number;
  /** The name of its copy in the remote's history, once it is known to be there. */
  readonly history?: string;
  /** Digest of its content, hex, where it was sealed here. */
  readonly content?: string;
}

/** `problem` when the file is there but is no state: then nothing counts as pushed, which is the careful side. */
export interface ReadState {
  readonly state: VaultState;
  readonly problem?: FailureOf<"invalid-document">;
}

const name = "state.json";
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

function writeState(folder: string, state: VaultState): Promise<Result<void>> {
  return writeFile(folder, name, `${JSON.stringify(state, null, 2)}\n`);
}

/** Reads, changes and writes; only reads when `change` gives back what it got. What another tazpod writes in that moment may be lost: a note is, and no vault. */
export async function changeState(
  folder: string,
  change: (state: VaultState) => VaultState,
): Promise<Result<void>> {
  const read = await readState(folder);
  if (!read.ok) return read;
  const changed = change(read.value.state);
  return changed === read.value.state ? ok(undefined) : writeState(folder, changed);
}

export function withPending(state: VaultState, pending: PendingRecord): VaultState {
  return { ...state, pending: [...(state.pending ?? []), pending].slice(-maxPending) };
}

/** What was pushed or pulled is the last word: nothing is on its way any more. */
export function withPushed({ sealed, newest }: VaultState, pushed: PushedRecord): VaultState {
  return {
    version: 1,
    pushed,
    ...(sealed === undefined ? {} : { sealed }),
    ...(newest === undefined ? {} : { newest }),
  };
}

/** Whether this host has sealed, pulled or opened the file with this SHA-256: no other bytes are pushed. */
export function isKnownHere({ sealed, newest, pushed, arriving }: VaultState, sha256: string): boolean {
  return [sealed, newest, pushed, arriving].some((record) => record?.sha256 === sha256);
}

/** What there is to know when the vault here has this sha256, or was made from one that has. */
export function withPullCompleted(state: VaultState, sha256: string | undefined): VaultState {
  const { arriving } = state;
  return arriving !== undefined && arriving.sha256 === sha256 ? withPushed(state, arriving) : state;
}

function stateFile(folder: string): string {
  return join(projectState(folder), name);
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
  const pending = Array.isArray(read["pending"]) ? read["pending"].flatMap(parsePending) : [];
  const arriving = parsePushed(read["arriving"]);
  const sealed = parseSealed(read["sealed"]);
  const newest = parseSealed(read["newest"]);
  return {
    version: 1,
    ...(pushed === undefined ? {} : { pushed }),
    ...(pending.length === 0 ? {} : { pending }),
    ...(arriving === undefined ? {} : { arriving }),
    ...(sealed === undefined ? {} : { sealed }),
    ...(newest === undefined ? {} : { newest }),
  };
}

function parsePending(read: unknown): readonly PendingRecord[] {
  if (!isRecord(read)) return [];
  const { remote, sha256, writeId, generation } = read;
  if (typeof remote !== "string" || typeof sha256 !== "string" || typeof writeId !== "string") return [];
  return isGeneration(generation) ? [{ remote, sha256, writeId, generation }] : [];
}

function parseSealed(read: unknown): SealedRecord | undefined {
  if (!isRecord(read)) return undefined;
  const { sha256, generation, content } = read;
  if (typeof sha256 !== "string" || typeof content !== "string" || !isGeneration(generation))
    return undefined;
  return { sha256, generation, content };
}

function parsePushed(read: unknown): PushedRecord | undefined {
  if (!isRecord(read)) return undefined;
  const { remote, sha256, etag, at, writeId, host, generation, history, content } = read;
  if (
    typeof remote !== "string" ||
    typeof sha256 !== "string" ||
    typeof etag !== "string" ||
    typeof at !== "string"
  )
    return undefined;
  if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  return {
    remote,
    sha256,
    etag,
    at,
    ...(typeof writeId === "string" ? { writeId } : {}),
    ...(typeof host === "string" ? { host } : {}),
    ...(isGeneration(generation) ? { generation } : {}),
    ...(typeof history === "string" ? { history } : {}),
    ...(typeof content === "string" ? { content } : {}),
  };
}

function isGeneration(read: unknown): read is number {
  return typeof read === "number" && Number.isSafeInteger(read) && read >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
