import { ok, type Result } from "../../failure/result.js";
import type { Piped, ProcessOptions } from "../../host/process.js";
import type { ContainerState } from "../engine.js";
import { canShare, freeShell, type SharedShell } from "../shared-shell.js";
import type { RunKubectl } from "./kubectl.js";
import { execPiped, type Place, podShell } from "./pod-exec.js";
import { labels } from "./pod-manifest.js";
import { containerState, isHelper, livePod, type Pod } from "./pod-state.js";
import { listPods } from "./pods.js";
import { type KnownPod, rememberedPod, rememberPod } from "./remembered-pod.js";

/** How long a shell may take to answer, in ms, before the cluster is asked for its pod. */
const pingMs = 3_000;

/** Finds the pods of containers, and runs programs in them. */
export interface PodFinder {
  /** Asks the cluster for the pods of a container and those of `run with` for its project, oldest first. */
  listAll(name: string): Promise<Result<readonly Pod[]>>;
  /** Asks the cluster for the pods of a container, oldest first. */
  list(name: string): Promise<Result<readonly Pod[]>>;
  /** Returns the state of a container. The cluster is not asked for a pod in which a shell answers. */
  state(name: string): Promise<Result<ContainerState>>;
  /** Returns the pod of a container; undefined if there is none. */
  place(name: string): Promise<Result<Place | undefined>>;
  /** Starts a program, in a shell that is there already if it needs no stdin. */
  begin(place: Place, argv: readonly string[], options: ProcessOptions): Piped;
  /** Takes a pod as that of a container. */
  use(name: string, podName: string): void;
  /** Forgets the pod of a container. */
  forget(name: string): Promise<void>;
}

/** Returns a finder. `identityOf` makes the label of a container name, and `project` is the project's folder. */
export function podFinder(
  run: RunKubectl,
  command: readonly string[],
  identityOf: (name: string) => string,
  project: string,
): PodFinder {
  /** The pods' names, by container name. */
  const names = new Map<string, string>();
  /** The pods that are ready, by container name. */
  const ready = new Map<string, KnownPod>();
  /** The shells in pods, by the pod's name. */
  const shells = new Map<string, SharedShell>();

  const shellIn = (place: Place): SharedShell | undefined =>
    freeShell(shells, place.podName, () => podShell(place));

  const answering = async (name: string): Promise<KnownPod | undefined> => {
    const pod = ready.get(name) ?? (await rememberedPod(identityOf(name)));
    const shell = pod === undefined ? undefined : shellIn({ command, podName: pod.podName, name });
    if (pod === undefined || shell === undefined || !(await shell.answers(pingMs))) return undefined;
    names.set(name, pod.podName);
    // another checkout of the project may have remembered it
    const owner = pod.state.state === "running" && pod.state.owner !== undefined ? project : undefined;
    const own = { ...pod, state: { ...pod.state, owner } as ContainerState };
    ready.set(name, own);
    return own;
  };

  const forget = (name: string): Promise<void> => {
    names.delete(name);
    ready.delete(name);
    return rememberPod(identityOf(name), undefined);
  };

  const listAll = (name: string) => listPods(run, `${labels.pod}=${identityOf(name)}`);

  const list = async (name: string): Promise<Result<readonly Pod[]>> => {
    const identity = identityOf(name);
    const all = await listAll(name);
    if (!all.ok) return all;
    const pods = ok(all.value.filter((pod) => !isHelper(pod)));
    const live = livePod(pods.value);
    const state = containerState(pods.value, identity, project);
    if (live === undefined || state.state !== "running") await forget(name);
    if (live === undefined) return pods;
    const { name: podName } = live.metadata;
    names.set(name, podName);
    if (state.state === "running") {
      ready.set(name, { podName, state });
      await rememberPod(identity, { podName, state });
    }
    return pods;
  };

  return {
    listAll,
    list,
    async state(name) {
      const pod = await answering(name);
      if (pod !== undefined) return ok(pod.state);
      const pods = await list(name);
      return pods.ok ? ok(containerState(pods.value, identityOf(name), project)) : pods;
    },
    async place(name) {
      const before = names.get(name);
      if (before !== undefined) return ok({ command, podName: before, name });
      const pods = await list(name);
      if (!pods.ok) return pods;
      const podName = names.get(name);
      return ok(podName === undefined ? undefined : { command, podName, name });
    },
    begin(place, argv, options) {
      const shell = canShare(options) ? shellIn(place) : undefined;
      return shell?.run(argv, options) ?? execPiped(place, argv, options);
    },
    use: (name, podName) => void names.set(name, podName),
    forget,
  };
}
