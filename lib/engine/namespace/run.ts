import { processIdentity } from "../../host/process-identity.js";
import { type ContainerRecord, recordStore } from "../record.js";

/** The last start of a namespace: its first process, as the host counts. */
export interface NamespaceRun {
  readonly pid: number;
  readonly identity: string;
  readonly startedAt: string;
}

export type NamespaceRecord = ContainerRecord<NamespaceRun>;

export const namespaceRecords = recordStore<NamespaceRun>("namespaces");

/** The last start, if its first process is still there: the number alone may have been given to another process. */
export async function running({ run }: NamespaceRecord): Promise<NamespaceRun | undefined> {
  return run !== undefined && (await processIdentity(run.pid)) === run.identity ? run : undefined;
}
