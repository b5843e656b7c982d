import { processIdentity } from "../../host/process-identity.js";
import { type ContainerRecord, recordStore } from "../container-record.js";
import { startBackground } from "../../host/background.js";
import { now } from "../../host/clock.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { environment, pauseArguments } from "./unshare-arguments.js";

/** The last start of a namespace: its first process, by its pid on the host. */
export interface NamespaceRun {
  readonly pid: number;
  readonly identity: string;
  readonly startedAt: string;
}

export type NamespaceRecord = ContainerRecord<NamespaceRun>;

export const namespaceRecords = recordStore<NamespaceRun>("namespaces");

/**
 * Returns the last start if its first process is alive; the identity tells it from a later process with the same pid.
 */
export async function currentRun({ run }: NamespaceRecord): Promise<NamespaceRun | undefined> {
  return run !== undefined && (await processIdentity(run.pid)) === run.identity ? run : undefined;
}

const limitMs = 30_000;

/** Starts a namespace that is not running. Failure: `container-start`. */
export function startNamespace(name: string): Promise<Result<void>> {
  return namespaceRecords.launch(name, async (record) =>
    (await currentRun(record)) !== undefined ? ok(undefined) : launch(record),
  );
}

/** Starts the pause process and lets it continue only once it is recorded; an unrecorded one could never be ended. */
async function launch(record: NamespaceRecord): Promise<Result<void>> {
  const { spec, user } = record;
  const env = environment(user);
  const begun = await startBackground(pauseArguments(spec, user), env, limitMs);
  if (!begun.ok) {
    if (begun.failure.kind !== "command-failed") return begun;
    return fail({ kind: "container-start", name: spec.name, detail: begun.failure.detail });
  }
  const pid = Number(begun.value.line);
  const identity = await processIdentity(pid);
  if (identity === undefined) return fail({ kind: "container-start", name: spec.name, detail: "it ended" });
  const noted = await namespaceRecords.change({
    ...record,
    run: { pid, identity, startedAt: now().toISOString() },
  });
  if (!noted.ok) return (begun.value.cancel(), noted);
  await begun.value.release();
  return ok(undefined);
}
