import { isCount, isRecord } from "../host/json.js";

/** Where an audit log stood: the log cannot lose or change any of these entries without a trace. */
export interface AuditHead {
  /** The log's random id. */
  readonly log: string;
  /** The host that keeps it. */
  readonly host: string;
  readonly entries: number;
  /** SHA-256 of the last of these lines, with its end, hex. */
  readonly head: string;
}

/** A head in the state of this host. */
export interface KnownHead extends AuditHead {
  /** The log is, or was, that of this project on this host. */
  readonly own?: true;
}

/** How many logs the state and a manifest name. */
const maxHeads = 100;
const longestHost = 255;

/** Adds heads that were found to those known: of each log the one with most entries, those that changed first. */
export function joinHeads(
  known: readonly KnownHead[] = [],
  found: readonly KnownHead[] = [],
): readonly KnownHead[] {
  const before = new Map(known.map((head) => [head.log, head]));
  const changed = found.filter(({ log, entries, own }) => {
    const old = before.get(log);
    return old === undefined || old.entries < entries || (own === true && old.own !== true);
  });
  if (changed.length === 0) return known;
  const logs = new Set(changed.map(({ log }) => log));
  const first = changed.map((head) =>
    before.get(head.log)?.own === true ? { ...head, own: true as const } : head,
  );
  return [...first, ...known.filter(({ log }) => !logs.has(log))].slice(0, maxHeads);
}

/** Reads heads from a manifest or a state; undefined if there are none. */
export function parseHeads(read: unknown): readonly KnownHead[] | undefined {
  if (!Array.isArray(read) || read.length === 0 || read.length > maxHeads) return undefined;
  const heads = read.map(parseHead);
  const logs = new Set(heads.map((head) => head?.log));
  return heads.every((head) => head !== undefined) && logs.size === heads.length ? heads : undefined;
}

function parseHead(read: unknown): KnownHead | undefined {
  if (!isRecord(read)) return undefined;
  const { log, host, entries, head, own } = read;
  if (!isLogId(log) || typeof host !== "string" || host.length > longestHost) return undefined;
  if (!isCount(entries) || entries === 0 || !isSha256(head)) return undefined;
  return { log, host, entries, head, ...(own === true ? { own } : {}) };
}

/** Returns a head as manifests have it. */
export function withoutOwn({ log, host, entries, head }: KnownHead): AuditHead {
  return { log, host, entries, head };
}

/** Tells whether a value is the id of a log. */
export function isLogId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}

function isSha256(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
