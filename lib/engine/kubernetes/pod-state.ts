import { parseJson } from "../../host/json.js";
import type { ContainerState, ListedContainer } from "../engine.js";
import { annotations, containerName, labels, ramFolder } from "./pod-manifest.js";

/** A pod as the API server describes it; only what is read here. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly image: string }[];
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  readonly status: {
    readonly phase: string;
    readonly reason?: string;
    readonly message?: string;
    readonly startTime?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly state: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt: string };
    readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode: number };
  };
}

/** Reads the output of `get pods -o json`, oldest first. Undefined if it is no list of pods, as when it was cut. */
export function parsePods(text: string): readonly Pod[] | undefined {
  const list = parseJson(text) as { readonly items?: readonly Pod[] } | undefined;
  if (!Array.isArray(list?.items)) return undefined;
  const age = ({ metadata }: Pod): string => `${metadata.creationTimestamp} ${metadata.name}`;
  return (list.items as readonly Pod[]).toSorted((one, other) => (age(one) < age(other) ? -1 : 1));
}

/** Returns the pod that counts: the oldest that is neither being deleted nor over. */
export function livePod(pods: readonly Pod[]): Pod | undefined {
  return pods.find((pod) => !isDeleted(pod) && !isOver(pod));
}

/** Tells whether a pod has ended; it holds no memory then, and is only a record. */
export const isOver = ({ status: { phase } }: Pod): boolean => phase === "Failed" || phase === "Succeeded";

/** Tells whether a pod is being deleted. */
export const isDeleted = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

/** Tells whether it is a pod of `run with`. */
export const isHelper = ({ metadata }: Pod): boolean => metadata.labels?.[labels.helper] !== undefined;

const statusOf = ({ status }: Pod): ContainerStatus | undefined =>
  status.containerStatuses?.find(({ name }) => name === containerName);

/** Tells whether programs can be run in a pod. */
export const isReady = (pod: Pod): boolean => statusOf(pod)?.state.running !== undefined && !isLost(pod);

/** Tells whether the cluster has lost the pod's node: the pod may run there, but nothing is known about it. */
const isLost = ({ status }: Pod): boolean =>
  status.phase === "Unknown" ||
  status.reason === "NodeLost" ||
  (status.conditions ?? []).some(
    ({ type, status: is, reason }) => type === "Ready" && is !== "True" && reason === "NodeStatusUnknown",
  );

/** Describes the pods of a container, oldest first. `project` is the folder of the project whose pods were asked for. */
export function containerState(pods: readonly Pod[], identity: string, project: string): ContainerState {
  const pod = livePod(pods);
  if (pod === undefined) {
    const last = pods.findLast((one) => isOver(one) && !isDeleted(one));
    return { state: "absent", ...(last && { ended: whyNotReady(last).reason }) };
  }
  const { metadata, spec, status } = pod;
  const notes = metadata.annotations ?? {};
  const claim = (spec.volumes ?? []).find(({ persistentVolumeClaim: claimed }) => claimed !== undefined);
  const isOwn = metadata.labels?.[labels.pod] === identity && notes[annotations.project] !== undefined;
  return {
    state: isReady(pod) ? "running" : isLost(pod) ? "not-ready" : "stopped",
    reported: isLost(pod) ? "on a node that does not answer" : status.phase,
    id: metadata.uid,
    // the RAM folder is the pod's, not the container's
    startedAt: status.startTime ?? "",
    owner: isOwn ? project : undefined,
    specHash: notes[annotations.spec],
    imageId: spec.containers.find(({ name }) => name === containerName)?.image ?? "",
    home: notes[annotations.home] ?? "/root",
    secrets: `${ramFolder}/secrets`,
    workspace: claim?.persistentVolumeClaim?.claimName ?? metadata.uid,
  };
}

/** Describes a pod among those of all owners. `identity` is that of this host's own pods. */
export function listedPod(pod: Pod, identity: string): ListedContainer {
  const { metadata, status } = pod;
  return {
    name: metadata.name,
    owner: metadata.annotations?.[annotations.owner] ?? "",
    // as kubectl names them
    state: isDeleted(pod) ? "Terminating" : isLost(pod) ? "Unknown" : status.phase,
    created: metadata.creationTimestamp,
    isOwn: metadata.labels?.[labels.pod] === identity,
    isHelper: isHelper(pod),
  };
}

/** Why a pod is not ready yet. */
export interface Waiting {
  readonly reason: string;
  /** It will not become ready by waiting. */
  readonly isFinal: boolean;
}

const finalReasons = new Set([
  ...["ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"],
  ...["CreateContainerError", "RunContainerError", "CrashLoopBackOff"],
]);

/** Returns why a pod is not ready, in Kubernetes' own words. */
export function whyNotReady(pod: Pod): Waiting {
  const { status } = pod;
  const state = statusOf(pod)?.state;
  const ended = state?.terminated;
  if (isOver(pod) || ended !== undefined) {
    const words = [ended?.message, status.message, ended?.reason, status.reason].find((text) => text?.trim());
    return {
      reason: words?.trim() ?? `it ended with exit code ${ended?.exitCode ?? "unknown"}`,
      isFinal: true,
    };
  }
  const { reason, message } = state?.waiting ?? {};
  if (reason !== undefined && reason !== "ContainerCreating")
    return {
      reason: message === undefined ? reason : `${reason}: ${message}`,
      isFinal: finalReasons.has(reason),
    };
  const unscheduled = status.conditions?.find(
    ({ type, status: is }) => type === "PodScheduled" && is === "False",
  );
  if (unscheduled !== undefined)
    return {
      reason: `${unscheduled.reason ?? "Unschedulable"}: ${unscheduled.message ?? ""}`,
      isFinal: false,
    };
  return { reason: reason ?? status.phase, isFinal: false };
}
