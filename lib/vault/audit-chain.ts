import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt } from "../host/file-failure.js";
import { isCount, isRecord, parseJson } from "../host/json.js";
import { logLines, maxLineBytes, readLogEnd } from "../host/line-log.js";
import { projectState } from "../host/project-state.js";
import { type AuditHead, isLogId, joinHeads, type KnownHead } from "./audit-heads.js";

/** What `prev` has in the first entry. */
const noEntry = "0".repeat(64);

/** Returns the path of the audit log of a project on this host. */
export function auditFile(vaultFolder: string): string {
  return join(projectState(vaultFolder), "audit.jsonl");
}

/** What an entry has for the chain. */
interface ChainLink {
  readonly n: number;
  readonly log: string;
  readonly prev: string;
}

/** Reads the chain's fields of a line. */
function parseLink(line: Buffer): ChainLink | undefined {
  const read = parseJson(line.toString());
  if (!isRecord(read)) return undefined;
  const { n, log, prev } = read;
  return isCount(n) && isLogId(log) && typeof prev === "string" ? { n, log, prev } : undefined;
}

/** Returns the fields of the entry after this line; without a line, those of a new log. Undefined for an invalid line. */
export function nextLink(last: Buffer | undefined): ChainLink | undefined {
  if (last === undefined) return { n: 1, log: crypto.randomUUID(), prev: noEntry };
  const link = parseLink(last);
  return link && { n: link.n + 1, log: link.log, prev: sha256(last) };
}

/** Returns where the log of this host stands, by its last line; undefined if it has none. Failure: `file`. */
export async function auditHead(vaultFolder: string): Promise<Result<AuditHead | undefined>> {
  const path = auditFile(vaultFolder);
  const end = await readLogEnd(path);
  if (!end.ok) return end;
  const last = end.value?.last;
  if (last === undefined) return ok(undefined);
  const link = parseLink(last);
  if (link === undefined) return invalidLine(path);
  return ok({ log: link.log, host: hostname(), entries: link.n, head: sha256(last) });
}

/** Returns the failure of a log whose last line is not one of its entries. */
export function invalidLine(path: string): Result<never> {
  const detail =
    "its last line is not an entry of the log. `tazpod audit` checks it; move the file away to begin a new log";
  return fail({ kind: "file", action: "use", path, code: "EINVAL", detail });
}

/** What a check of the log found. */
export interface AuditCheck {
  /** Where the intact part of the log stands; undefined if it has no entry. */
  readonly head?: AuditHead;
  /** The first line that does not continue the chain. */
  readonly broken?: { readonly line: number; readonly why: string };
  /** Bytes after the last line: the next entry records and replaces them. */
  readonly tornBytes: number;
  /** Known heads that the log does not lead to, a sentence each. */
  readonly missing: readonly string[];
}

/**
 * Reads the whole log, in bounded memory, and checks its chain and that it leads to the known heads of this log and of
 * others that this host kept. `each` receives every line with its end. Failure: `file`.
 */
export async function verifyAudit(
  vaultFolder: string,
  known: readonly KnownHead[],
  each: (line: Buffer) => void = () => undefined,
): Promise<Result<AuditCheck>> {
  const path = auditFile(vaultFolder);
  const reached = new Set<KnownHead>();
  let head: AuditHead | undefined;
  let broken: AuditCheck["broken"];
  let tornBytes = 0;
  let number = 0;
  const read = await attempt("read", path, async () => {
    for await (const line of logLines(path)) {
      number += 1;
      if (line.at(-1) !== 0x0a) {
        tornBytes = line.length;
        if (line.length > maxLineBytes) broken ??= { line: number, why: "it is too long" };
        break;
      }
      each(line);
      if (broken !== undefined) continue;
      const link = parseLink(line);
      const why = whyNotNext(head, link);
      if (link === undefined || why !== undefined) {
        broken = { line: number, why: why ?? "it is not an entry" };
        continue;
      }
      const { log } = link;
      const now: AuditHead = { log, host: hostname(), entries: number, head: sha256(line) };
      for (const one of known)
        if (one.log === log && one.entries === number && one.head === now.head) reached.add(one);
      head = now;
    }
  });
  if (!read.ok) return read;
  const missing = known
    .filter((one) => (one.own === true || one.log === head?.log) && !reached.has(one))
    .map((one) => describeMissing(one, head));
  return ok({ head, broken, tornBytes, missing });
}

function whyNotNext(before: AuditHead | undefined, link: ChainLink | undefined): string | undefined {
  if (link === undefined) return undefined;
  if (link.prev !== (before?.head ?? noEntry)) return "the line before it was changed or removed";
  if (link.n !== (before?.entries ?? 0) + 1) return `its number is ${link.n}`;
  return before === undefined || link.log === before.log ? undefined : "it is from another log";
}

function describeMissing({ log, entries }: KnownHead, head: AuditHead | undefined): string {
  if (head?.log !== log) return `The log ${log}, which had ${entries} entries, is gone.`;
  return head.entries < entries
    ? `The log has ${head.entries} entries, but had ${entries} when the vault was last saved.`
    : `Entry ${entries} or one before it is not what it was when the vault was last saved.`;
}

/**
 * Returns the heads for a vault that is sealed now: those known, and that of this host's log. A log that is broken, or
 * does not lead to what is known of it, does not replace that.
 */
export async function headsToSeal(
  vaultFolder: string,
  known: readonly KnownHead[] = [],
): Promise<readonly KnownHead[]> {
  const now = await auditHead(vaultFolder);
  if (!now.ok || now.value === undefined) return known;
  const { log, entries, head } = now.value;
  const old = known.find((one) => one.log === log);
  if (old?.own === true && old.entries === entries && old.head === head) return known;
  const checked = await verifyAudit(vaultFolder, old === undefined ? [] : [old]);
  if (!checked.ok) return known;
  const { head: found, broken, missing } = checked.value;
  if (found === undefined || broken !== undefined || missing.length > 0) return known;
  return joinHeads(known, [{ ...found, own: true }]);
}

function sha256(line: Buffer): string {
  return createHash("sha256").update(line).digest("hex");
}
