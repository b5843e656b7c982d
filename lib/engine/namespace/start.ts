import { join } from "node:path";
import { startBackground } from "../../host/background.js";
import { now } from "../../host/clock.js";
import { isLock, takeLock } from "../../host/lock-file.js";
import { processIdentity } from "../../host/process-identity.js";
import { fail, ok, type Result } from "../../result.js";
import { environment, holdArguments } from "./arguments.js";
import { changeRecord, type NamespaceRecord, namespaceFolder, readRecord, running } from "./record.js";

const limitMs = 30_000;

/** Starts what is not running. Failure: `container-start`. */
export async function startNamespace(name: string): Promise<Result<void>> {
  const lock = await takeLock(join(namespaceFolder(), `${name}.lock`), limitMs);
  if (!lock.ok) return lock;
  if (!isLock(lock.value))
    return fail({ kind: "container-start", name, detail: `process ${lock.value.pid} is starting it` });
  try {
    const record = await readRecord(name);
    if (!record.ok) return record;
    if (record.value === undefined) return fail({ kind: "container-start", name, detail: "it is not there" });
    return (await running(record.value)) !== undefined ? ok(undefined) : await launch(record.value);
  } finally {
    await lock.value.release();
  }
}

/** The namespace goes on only once it is noted: one that nobody knows of could never be ended. */
async function launch(record: NamespaceRecord): Promise<Result<void>> {
  const { spec, user } = record;
  const env = environment(user);
  const begun = await startBackground(holdArguments(spec, user), env, limitMs);
  if (!begun.ok) {
    if (begun.failure.kind !== "command-failed") return begun;
    return fail({ kind: "container-start", name: spec.name, detail: begun.failure.detail });
  }
  const pid = Number(begun.value.line);
  const identity = await processIdentity(pid);
  if (identity === undefined) return fail({ kind: "container-start", name: spec.name, detail: "it ended" });
  const noted = await changeRecord({ ...record, run: { pid, identity, startedAt: now().toISOString() } });
  if (!noted.ok) return (begun.value.drop(), noted);
  await begun.value.release();
  return ok(undefined);
}
