import { join } from "node:path";
import { makeFolder, readText, removeFile, writeAtomic } from "../../host/files.js";
import { isRecord, parseJson } from "../../host/json.js";
import { stateFolder } from "../../host/paths.js";
import type { ContainerState } from "../engine.js";

/*
 * The pod in which this host found a container last. A pod's name is random, so one that answers to it is the same pod: the
 * cluster need not be asked for it.
 */

/** A pod that runs, or ran, and its state as a container. */
export interface KnownPod {
  readonly podName: string;
  readonly state: ContainerState;
}

const folder = (): string => join(stateFolder(), "pods");
const file = (identity: string): string => join(folder(), `${identity}.json`);

/** Returns the pod of an identity; undefined if there is none, or the file cannot be read. */
export async function rememberedPod(identity: string): Promise<KnownPod | undefined> {
  const text = await readText(file(identity));
  const found = parseJson((text.ok ? text.value : undefined) ?? "");
  if (!isRecord(found) || typeof found["podName"] !== "string") return undefined;
  const { state } = found;
  return isRecord(state) && state["state"] === "running" ? (found as unknown as KnownPod) : undefined;
}

/** Remembers a pod, or forgets it. Ignores errors: without the file, the cluster is asked. */
export async function rememberPod(identity: string, pod: KnownPod | undefined): Promise<void> {
  if (pod === undefined) return void (await removeFile(file(identity)));
  const made = await makeFolder(folder());
  if (made.ok) await writeAtomic(file(identity), `${JSON.stringify(pod)}\n`);
}
