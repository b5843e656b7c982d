import { join } from "node:path";
import { makeFolder, readText, removeFile, writeAtomic, writeNew } from "../../host/files.js";
import { processIdentity } from "../../host/process-identity.js";
import { stateFolder } from "../../host/state-folder.js";
import { fail, ok, type Result } from "../../result.js";
import type { ContainerSpec, ContainerUser } from "../types.js";

/** What is noted of a namespace, since nobody else keeps it: it is there while its first process is. */
export interface NamespaceRecord {
  readonly version: 1;
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly specHash: string;
  readonly user: ContainerUser;
  readonly run?: Run;
}

/** The last start: its first process, as the host counts. */
interface Run {
  readonly pid: number;
  readonly identity: string;
  readonly startedAt: string;
}

export function namespaceFolder(): string {
  return join(stateFolder(), "namespaces");
}

function file(name: string): string {
  return join(namespaceFolder(), `${name}.json`);
}

/** Undefined where there is none by that name, or what is there is not one of ours. */
export async function readRecord(name: string): Promise<Result<NamespaceRecord | undefined>> {
  const text = await readText(file(name));
  if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text;
  try {
    const found = JSON.parse(text.value) as Partial<NamespaceRecord>;
    return ok(found.version === 1 && found.spec?.name === name ? (found as NamespaceRecord) : undefined);
  } catch {
    return ok(undefined);
  }
}

/** Failure: `changed-meanwhile` when there is one by that name. */
export async function addRecord(record: NamespaceRecord): Promise<Result<void>> {
  const { name } = record.spec;
  const made = await makeFolder(namespaceFolder());
  if (!made.ok) return made;
  const added = await writeNew(file(name), lineOf(record));
  if (added.ok || added.failure.kind !== "file" || added.failure.code !== "EEXIST") return added;
  const there = await readRecord(name);
  if (!there.ok) return there;
  // one that cannot be read is nobody's
  if (there.value === undefined) return writeAtomic(file(name), lineOf(record));
  return fail({
    kind: "changed-meanwhile",
    detail: `Another tazpod has made namespace ${name} meanwhile`,
  });
}

export function changeRecord(record: NamespaceRecord): Promise<Result<void>> {
  return writeAtomic(file(record.spec.name), lineOf(record));
}

export function removeRecord(name: string): Promise<Result<void>> {
  return removeFile(file(name));
}

/** The last start, if its first process is still there: a number alone may be another's by now. */
export async function running({ run }: NamespaceRecord): Promise<Run | undefined> {
  return run !== undefined && (await processIdentity(run.pid)) === run.identity ? run : undefined;
}

const lineOf = (record: NamespaceRecord): string => `${JSON.stringify(record)}\n`;
