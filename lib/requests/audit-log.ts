import { createHash } from "node:crypto";
import { join } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { now } from "../host/clock.js";
import { makeFolder } from "../host/files.js";
import { appendToLog } from "../host/line-log.js";
import { isLock, takeLock } from "../host/lock-file.js";
import { projectState } from "../host/project-state.js";
import { jsonLine } from "../host/json-line.js";
import { auditFile, invalidLine, nextLink } from "../vault/audit-chain.js";
import type { RequestedCommand } from "./request.js";

/** What is recorded about requests. `id` is that of the request. */
export type AuditEvent =
  /** A session, by its process, began or ended to receive requests. */
  | { readonly event: "listening" | "stopped"; readonly session: number }
  | ({
      readonly event: "request";
      readonly id: string;
      readonly asker: string;
      /** Digest of the copy of the project that the command sees, hex. */
      readonly files: string;
    } & RequestedCommand)
  | {
      readonly event: "answer";
      readonly id: string;
      readonly answer: "once" | "minutes" | "deny" | "never";
      readonly minutes?: number;
      /**
       * `person`: at a front end; `earlier`: an answer that still holds; `rule`: as `why` says; `time`: it expired;
       * `program`: it was withdrawn; `session`: that ended.
       */
      readonly by: "person" | "earlier" | "rule" | "time" | "program" | "session";
      readonly why?: string;
    }
  | { readonly event: "start"; readonly id: string }
  | {
      readonly event: "end";
      readonly id: string;
      /** The command's exit code, or why it has none. */
      readonly code?: number;
      readonly failure?: string;
      /** How long it ran. */
      readonly ms: number;
      /** The size of its output. */
      readonly bytes: number;
    }
  /** Requests that were refused unread, counted since the last such entry. */
  | { readonly event: "refused"; readonly why: "flood" | "too-long"; readonly count: number };

/** An event of one kind. */
export type AuditEventOf<Kind extends AuditEvent["event"]> = Extract<AuditEvent, { readonly event: Kind }>;

/** Written by `appendAudit` itself: an entry before this one was interrupted, and its beginning was replaced. */
interface Repaired {
  readonly event: "repaired";
  readonly bytes: number;
  /** SHA-256 of these bytes, hex. */
  readonly sha256: string;
}

/** How long to wait for another process that appends, in ms. */
const waitMs = 10_000;

/**
 * Appends an entry to the project's audit log on this host, and waits until it is on the disk. Failures: `file`, and
 * `busy` if another process holds the log for ten seconds. What is not recorded must not be answered or run.
 */
export async function appendAudit(vaultFolder: string, event: AuditEvent): Promise<Result<void>> {
  const folder = projectState(vaultFolder);
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  const lockPath = join(folder, "audit.lock");
  const lock = await takeLock(lockPath, waitMs);
  if (!lock.ok) return lock;
  if (!isLock(lock.value))
    return fail({ kind: "busy", path: lockPath, host: lock.value.host, pid: lock.value.pid });
  const path = auditFile(vaultFolder);
  try {
    return await appendToLog(path, ({ last, torn }) => {
      const lines: string[] = [];
      let before = last;
      for (const one of torn.length === 0 ? [event] : [repaired(torn), event]) {
        const link = nextLink(before);
        if (link === undefined) return invalidLine(path);
        const { n, log, prev } = link;
        const line = `${jsonLine({ n, time: now().toISOString(), log, ...one, prev })}\n`;
        lines.push(line);
        before = Buffer.from(line);
      }
      return ok(lines);
    });
  } finally {
    await lock.value.release();
  }
}

function repaired(torn: Buffer): Repaired {
  return { event: "repaired", bytes: torn.length, sha256: createHash("sha256").update(torn).digest("hex") };
}
