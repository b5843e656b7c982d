import { isCount, isRecord, parseJson } from "../host/json.js";
import { join } from "node:path";
import type { FailureOf } from "../failure/failure.js";
import { readText } from "../host/files.js";
import { projectState, writeState as writeFile } from "../host/project-state.js";
import { ok, type Result } from "../failure/result.js";
import { type KnownHead, parseHeads } from "./audit-heads.js";
import { isLineage, joinLineages, shortName } from "./lineage.js";

/** What this host remembers about its vault, in the project's `state.json`. Losing it loses no vault. */
export interface VaultState {
  readonly version: 1;
  /** The last push to a remote or pull from it. */
  readonly pushed?: PushedRecord;
  /** Pushes without an answer, latest last: one whose write id the remote has was completed. */
  readonly pending?: readonly PendingRecord[];
  /** Pull in progress; it completed if the local vault has this hash or was made from that one. */
  readonly arriving?: PushedRecord;
  /** The local vault, when this host sealed it. */
  readonly sealed?: SealedRecord;
  /** The last vault that this host opened or sealed; a lower generation is not accepted as its successor. */
  readonly newest?: SealedRecord;
  /** The versions shared with a remote that the local vault descends from, newest first. */
  readonly lineage?: readonly string[];
  /** The passphrase was changed here since the last push or pull. */
  readonly passphraseChanged?: true;
  /** Where audit logs stood, by the vaults that were opened and sealed here. */
  readonly audit?: readonly KnownHead[];
  /** The vault that a pull brought and that was not opened here yet. */
  readonly arrival?: ArrivalRecord;
  /** The remote's vault that was found not to succeed the local one. */
  readonly refused?: RefusedRecord;
}

/** A pulled vault, and what it replaced. */
export interface ArrivalRecord {
  /** SHA-256 of the pulled file, hex. */
  readonly sha256: string;
  /** The name of the replaced vault's copy in the same folder. */
  readonly replaced: string;
  /** The state of the replaced vault. */
  readonly before: Pick<VaultState, "pushed" | "lineage">;
  /** Whether the remote's metadata says that it descends from the replaced one. */
  readonly descends: boolean;
}

/** `damaged`: it does not open. `diverged`: it opens, but does not contain the last version pushed from here. */
export interface RefusedRecord {
  readonly remote: string;
  readonly etag: string;
  readonly why: "damaged" | "diverged";
}

/** A sealed vault that this host knows. */
export interface SealedRecord {
  /** SHA-256 of the sealed file, hex; the other fields are about that file only. */
  readonly sha256: string;
  /** As in its manifest. */
  readonly generation: number;
  /** Digest of its content, hex. */
  readonly content: string;
}

/** A push without an answer yet. */
export interface PendingRecord {
  readonly remote: string;
  readonly sha256: string;
  readonly writeId: string;
  readonly generation: number;
}

/** How many interrupted pushes are remembered. */
const maxPending = 8;

/** The last version synced with a remote. */
export interface PushedRecord {
  /** The remote's URL. */
  readonly remote: string;
  /** SHA-256 of the sealed file that both sides had then, hex. */
  readonly sha256: string;
  /** The remote's ETag. */
  readonly etag: string;
  /** ISO 8601. */
  readonly at: string;
  readonly writeId?: string;
  /** The host that wrote it, where the remote knows. */
  readonly host?: string;
  /** The highest generation that this host has seen there. */
  readonly generation?: number;
  /** The name of its copy in the remote's history, once confirmed. */
  readonly history?: string;
  /** Digest of its content, hex, when it was sealed here. */
  readonly content?: string;
  /** The versions that it descends from, by the remote's metadata. */
  readonly parents?: readonly string[];
}

/** With `problem` when the file is invalid: then nothing counts as pushed, the safe assumption. */
export interface ReadState {
  readonly state: VaultState;
  readonly problem?: FailureOf<"invalid-document">;
}

const name = "state.json";
const nothing: VaultState = { version: 1 };

/** Reads the state; a missing file is an empty state. Failure: `file`. */
export async function readState(folder: string): Promise<Result<ReadState>> {
  const file = stateFile(folder);
  const text = await readText(file);
  if (!text.ok) return text;
  if (text.value === undefined) return ok({ state: nothing });
  const state = parse(text.value);
  if (state !== undefined) return ok({ state });
  const message = `${file} is not a valid state file, so nothing counts as pushed`;
  return ok({
    state: nothing,
    problem: {
      kind: "invalid-document",
      problems: [{ message, hint: "Remove it; the next push or pull writes a new one." }],
    },
  });
}

function writeState(folder: string, state: VaultState): Promise<Result<void>> {
  return writeFile(folder, name, `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * Updates the state, one update at a time on this machine; only reads it when `change` returns its argument. Failure:
 * `file`.
 */
export async function changeState(
  folder: string,
  change: (state: VaultState) => VaultState,
): Promise<Result<void>> {
  const { withNamedLock } = await import("../host/named-lock.js");
  return withNamedLock(stateFile(folder), async () => {
    const read = await readState(folder);
    if (!read.ok) return read;
    const changed = change(read.value.state);
    return changed === read.value.state ? ok(undefined) : writeState(folder, changed);
  });
}

/** Returns the state with one more pending push. */
export function withPending(state: VaultState, pending: PendingRecord): VaultState {
  return { ...state, pending: [...(state.pending ?? []), pending].slice(-maxPending) };
}

/** Returns the state after a push or pull: nothing is pending any more. */
export function withPushed(
  { sealed, newest, arrival, audit, lineage = [] }: VaultState,
  pushed: PushedRecord,
): VaultState {
  return {
    version: 1,
    pushed,
    sealed,
    newest,
    arrival,
    audit,
    lineage: joinLineages([shortName(pushed.sha256)], pushed.parents ?? [], lineage),
  };
}

/** Returns whether this host has sealed, pulled or opened the file with this SHA-256; no other bytes are pushed. */
export function isKnownHere({ sealed, newest, pushed, arriving }: VaultState, sha256: string): boolean {
  return [sealed, newest, pushed, arriving].some((record) => record?.sha256 === sha256);
}

/** Returns the state with the pull in progress completed, when the local vault has this SHA-256 or was made from it. */
export function withPullCompleted(state: VaultState, sha256: string | undefined): VaultState {
  const { arriving } = state;
  return arriving !== undefined && arriving.sha256 === sha256 ? withPushed(state, arriving) : state;
}

function stateFile(folder: string): string {
  return join(projectState(folder), name);
}

function parse(text: string): VaultState | undefined {
  const read = parseJson(text);
  if (!isRecord(read) || read["version"] !== 1) return undefined;
  const pushed = read["pushed"] === undefined ? undefined : parsePushed(read["pushed"]);
  if (pushed === undefined && read["pushed"] !== undefined) return undefined;
  const pending = Array.isArray(read["pending"]) ? read["pending"].flatMap(parsePending) : [];
  const arriving = parsePushed(read["arriving"]);
  const sealed = parseSealed(read["sealed"]);
  const newest = parseSealed(read["newest"]);
  const { lineage, passphraseChanged, arrival, refused } = read;
  const audit = parseHeads(read["audit"]);
  return {
    version: 1,
    pushed,
    ...(pending.length === 0 ? {} : { pending }),
    arriving,
    sealed,
    newest,
    ...(isLineage(lineage) ? { lineage } : {}),
    ...(passphraseChanged === true ? { passphraseChanged } : {}),
    ...(audit === undefined ? {} : { audit }),
    ...parseArrival(arrival),
    ...parseRefused(refused),
  };
}

function parseArrival(read: unknown): Pick<VaultState, "arrival"> {
  if (!isRecord(read) || !isRecord(read["before"])) return {};
  const { sha256, replaced, descends, before } = read;
  if (typeof sha256 !== "string" || typeof replaced !== "string" || replaced.includes("/")) return {};
  const { pushed, lineage } = before;
  const was = {
    pushed: parsePushed(pushed),
    ...(isLineage(lineage) ? { lineage } : {}),
  };
  return {
    arrival: { sha256, replaced, before: was, descends: descends === true },
  };
}

function parseRefused(read: unknown): Pick<VaultState, "refused"> {
  if (!isRecord(read)) return {};
  const { remote, etag, why } = read;
  if (typeof remote !== "string" || typeof etag !== "string") return {};
  return why === "damaged" || why === "diverged" ? { refused: { remote, etag, why } } : {};
}

function parsePending(read: unknown): readonly PendingRecord[] {
  if (!isRecord(read)) return [];
  const { remote, sha256, writeId, generation } = read;
  if (typeof remote !== "string" || typeof sha256 !== "string" || typeof writeId !== "string") return [];
  return isCount(generation) ? [{ remote, sha256, writeId, generation }] : [];
}

function parseSealed(read: unknown): SealedRecord | undefined {
  if (!isRecord(read)) return undefined;
  const { sha256, generation, content } = read;
  if (typeof sha256 !== "string" || typeof content !== "string" || !isCount(generation)) return undefined;
  return { sha256, generation, content };
}

function parsePushed(read: unknown): PushedRecord | undefined {
  if (!isRecord(read)) return undefined;
  const { remote, sha256, etag, at, writeId, host, generation, history, content, parents } = read;
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
    ...(isCount(generation) ? { generation } : {}),
    ...(typeof history === "string" ? { history } : {}),
    ...(typeof content === "string" ? { content } : {}),
    ...(isLineage(parents) ? { parents } : {}),
  };
}
