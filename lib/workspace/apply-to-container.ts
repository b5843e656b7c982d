import { createHash } from "node:crypto";
import { join } from "node:path";
import { escapePath } from "../secrets-folder/exec.js";
import { openFile } from "../host/files.js";
import { meter } from "../host/work-meter.js";
import { Failed, ok, type Result } from "../failure/result.js";
import { tarStream } from "../vault/archive/tar-entries.js";
import { padding, tarHeader, type TarEntry } from "../vault/archive/tar-header.js";
import { statEntry } from "../host/folder-tree.js";
import type { Change } from "./decide.js";
import { parentFolders, type Entry } from "./entry.js";
import { execScript, type WorkspaceContainer } from "./container-exec.js";
import type { ContainerListing } from "./list-container.js";
import type { HostListing } from "./list-host.js";
import { commit, stage } from "./sync-scripts.js";
import type { Applied } from "./apply-to-host.js";

interface ContainerUpdate {
  readonly inside: WorkspaceContainer;
  readonly root: string;
  readonly host: HostListing;
  readonly copy: ContainerListing;
  readonly signal: AbortSignal;
}

interface Order {
  readonly path: string;
  readonly line: string;
}

/**
 * Applies changes to the copy in the container: unpacks into a staging folder, then moves files into place one by one
 * where nothing changed since it was listed.
 */
export async function applyToContainer(
  sending: ContainerUpdate,
  changes: readonly Change[],
): Promise<Result<Applied>> {
  const { inside, signal } = sending;
  if (changes.length === 0) return ok({ now: new Map(), failed: new Map() });
  const sent = new Map<string, Entry>();
  const failed = new Map<string, string>();
  const added = changes.filter(isNew);
  const count = meter("sent", bytesOf(sending.host, added));
  let passed = 0;
  const counted = (bytes: number): void => count((passed += bytes));
  const packed = tarStream(pack(sending, added, { sent, failed, counted }));
  const staged = await execScript(inside, stage, signal, packed);
  if (!staged.ok) return staged;
  const orders = commitOrders(sending.copy, changes, sent, failed);
  const done = await execScript(
    inside,
    commit,
    signal,
    [...orders.map(({ line }) => line), "end", ""].join("\n"),
  );
  if (!done.ok) return done;
  for (const line of done.value.stdout.toString().split("\n")) {
    const order = line === "" ? undefined : orders[Number(line) - 1];
    if (order !== undefined)
      failed.set(order.path, "it changed in the container in the meantime, or cannot be changed");
  }
  const now = new Map<string, Entry | undefined>();
  for (const { path, to } of changes)
    // a new folder was moved with its content
    if (![path, ...parentFolders(path)].some((one) => failed.has(one))) now.set(path, sent.get(path) ?? to);
  return ok({ now, failed });
}

const isNew = ({ from, to }: Change): boolean =>
  to !== undefined && !(from?.type === to.type && from.content === to.content);

function bytesOf({ found }: HostListing, changes: readonly Change[]): number {
  return changes.reduce(
    (sum, { path, to }) => sum + (to?.type === "file" ? (found.get(path)?.bytes ?? 0) : 0),
    0,
  );
}

/** What packing reports. */
interface Packing {
  /** What was packed, by path. */
  readonly sent: Map<string, Entry>;
  /** The reason for each path that could not be packed. */
  readonly failed: Map<string, string>;
  /** Called with the bytes of each piece of a file. */
  readonly counted: (bytes: number) => void;
}

/** Packs the new content as it is on this host now. */
async function* pack(
  { root, signal }: ContainerUpdate,
  changes: readonly Change[],
  { sent, failed, counted }: Packing,
): AsyncGenerator<Buffer> {
  for (const change of changes) {
    const { path, to } = change;
    if (to === undefined) continue;
    if (signal.aborted) throw new Failed({ kind: "interrupted", signal: String(signal.reason) });
    const found = await statEntry(root, path);
    const kind = found.ok ? found.value?.kind : undefined;
    if (!found.ok || found.value === undefined || kind !== to.type) {
      failed.set(path, "it changed on this host in the meantime");
      continue;
    }
    const { mtime, bytes } = found.value;
    const entry: TarEntry = { path, type: to.type, mode: to.mode, size: 0, mtime };
    if (to.type === "directory") yield tarHeader({ ...entry, mode: to.mode | 0o700 });
    else if (to.type === "link") yield tarHeader({ ...entry, target: to.content });
    else yield* file(join(root, path), { ...entry, size: bytes });
    if (to.type !== "file") sent.set(path, to);
  }

  async function* file(full: string, entry: TarEntry): AsyncGenerator<Buffer> {
    const opened = await openFile(full);
    if (!opened.ok || opened.value === undefined)
      return void failed.set(entry.path, "it can no longer be read on this host");
    const hash = createHash("sha256");
    try {
      yield tarHeader(entry);
      let missing = entry.size;
      for await (const chunk of opened.value.read() as AsyncIterable<Buffer>) {
        const piece = chunk.subarray(0, missing);
        missing -= piece.length;
        counted(piece.length);
        hash.update(piece);
        yield piece;
        if (missing === 0) break;
      }
      // the file was shortened: what was sent is recorded and counts as out of date
      for (; missing > 0;) {
        const zeros = Buffer.alloc(Math.min(missing, 1 << 16));
        missing -= zeros.length;
        hash.update(zeros);
        yield zeros;
      }
      yield padding(entry.size);
    } finally {
      await opened.value.close();
    }
    sent.set(entry.path, { type: "file", mode: entry.mode, content: hash.digest("hex") });
  }
}

/** Orders, in sequence: make read-only folders writable, remove, move in, set modes. */
function commitOrders(
  { entries, stamps }: ContainerListing,
  changes: readonly Change[],
  sent: ReadonlyMap<string, Entry>,
  failed: ReadonlyMap<string, string>,
): Order[] {
  const orders: Order[] = [];
  const order = (what: string, mode: number, look: string, path: string): void =>
    void orders.push({ path, line: `${what} ${mode.toString(8)} ${look} ${escapePath(path)}` });
  const closed = new Map<string, number>();
  for (const folder of changes.flatMap(({ path }) => parentFolders(path))) {
    const entry = entries.get(folder);
    if (entry?.type === "directory" && isClosed(entry)) closed.set(folder, entry.mode);
  }
  for (const [folder, mode] of closed) order("mode", mode | 0o700, "any", folder);
  for (const { path, from } of changes.filter(isRemoval).toReversed()) {
    if (failed.has(path)) continue;
    if (from?.type === "directory") order("rmdir", 0, "any", path);
    else order("remove", 0, stamps.get(path) ?? "any", path);
  }
  const whole = new Set<string>();
  for (const change of changes) {
    const { path, to } = change;
    if (!sent.has(path) || parentFolders(path).some((folder) => whole.has(folder))) continue;
    if (to?.type === "directory") whole.add(path);
    order("put", 0, isRemoval(change) || !entries.has(path) ? "-" : (stamps.get(path) ?? "any"), path);
  }
  const modes = new Map(closed);
  for (const { path, from, to } of changes) {
    if (to === undefined) modes.delete(path);
    else if (to.type === "link" || failed.has(path)) continue;
    else if ((from?.type === to.type && from.content === to.content) || isClosed(to))
      modes.set(path, to.mode);
  }
  // deepest paths first
  for (const [path, mode] of [...modes].toSorted(([a], [b]) => (a < b ? 1 : -1)))
    order("mode", mode, "any", path);
  return orders;
}

const isClosed = ({ type, mode }: Entry): boolean => type === "directory" && (mode & 0o700) !== 0o700;

const isRemoval = ({ from, to }: Change): boolean =>
  from !== undefined &&
  (to === undefined || (from.type !== to.type && [from.type, to.type].includes("directory")));
