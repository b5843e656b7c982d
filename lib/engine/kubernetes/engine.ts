import { randomBytes } from "node:crypto";
import { PassThrough, pipeline } from "node:stream";
import { collect, type Finished, type Piped } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import type { ContainerSpec, Engine } from "../engine.js";
import { endingInput, notRunning } from "../this-host.js";
import { clusterOf } from "./cluster.js";
import { kubectlCommand, kubectlRunner } from "./kubectl.js";
import { ensureClaim, removeClaim } from "./claim.js";
import { runHelperPod } from "./helper-pod.js";
import { deletePods, listPods } from "./pods.js";
import { execForeground } from "./pod-exec.js";
import { podFinder } from "./pod-finder.js";
import { dnsName, labels, podIdentity, podSpec, type PodRequest } from "./pod-manifest.js";
import { isDeleted, isHelper, isOver, listedPod, livePod, type Pod } from "./pod-state.js";
import { forwardPorts } from "./port-forward.js";
import { type KubernetesSettings, ownerOf } from "./settings.js";
import { createPod, waitUntilReady } from "./start-pod.js";

/**
 * An engine that runs a pod, driven through kubectl, so contexts, logins and proxies work. The vault is in the pod's memory
 * and the project is a copy. `project` is the project's folder; its `ports` are forwarded to this host while a shell is open.
 */
export function kubernetesEngine(
  settings: KubernetesSettings,
  project = "",
  ports: readonly string[] = [],
): Engine {
  const command = kubectlCommand(settings);
  const run = kubectlRunner(command);
  const cluster = clusterOf(settings);
  const identityOf = (name: string): string => podIdentity(name, ownerOf(settings));
  const pods = podFinder(run, command, identityOf, project);
  let address: Promise<string | undefined> | undefined;
  const findAddress = async (): Promise<string | undefined> => {
    const place = await cluster.place();
    return place.ok && place.value.server !== undefined
      ? `${place.value.server}/${place.value.namespace}`
      : undefined;
  };

  /** Tells a connection that was lost from a pod that was; another pod may take its place. */
  const settled = async (name: string, done: Result<Finished>): Promise<Result<Finished>> => {
    if (done.ok && done.value.stderr === notRunning(name).stderr) await pods.forget(name);
    if (done.ok || done.failure.kind !== "connection-lost") return done;
    const there = await pods.list(name);
    return there.ok && livePod(there.value) === undefined ? ok(notRunning(name)) : done;
  };

  return {
    name: "kubernetes",
    version: () => cluster.version(),
    address: () => (address ??= findAddress()),
    effectiveSpec: (spec) => podSpec(spec, settings),
    sharedWithHost,
    inspect: (name) => pods.state(name),
    async listContainers(name) {
      const listed = await listPods(run, `${labels.name}=${podIdentity(name)}`);
      return listed.ok ? ok(listed.value.map((pod) => listedPod(pod, identityOf(name)))) : listed;
    },
    // the nodes have the images
    imageId: async () => ok(undefined),
    pull: async () => ok(undefined),
    async lookUp(_image, user) {
      if (user === "root" || user === "0" || settings.uid === 0)
        return fail({
          ...{ kind: "setting-unusable", setting: "user: root" },
          ...{ detail: "a pod runs as an ordinary user", hint: "Set `user`, and `uid` below `kubernetes`." },
        });
      const uid = /^\d+$/.test(user) ? Number(user) : settings.uid;
      return ok({ uid, gid: settings.gid, home: settings.home ?? `/home/${user}` });
    },
    async create(spec, user) {
      const wrong = unusableSetting(spec);
      if (wrong !== undefined) return wrong;
      const claim = await ensureClaim(run, settings, spec);
      if (!claim.ok) return claim;
      return createOnly({ spec, user, settings, podName: uniqueName(spec.name), claim: claim.value });
    },
    start: (name, progress) =>
      waitUntilReady(() => pods.list(name), command, { name, limitMs: settings.startTimeoutMs }, progress),
    async remove(name) {
      const listed = await pods.listAll(name);
      if (!listed.ok) return listed;
      // another tazpod may use a helper
      const removable = listed.value.filter((pod) => !isDeleted(pod) && (!isHelper(pod) || isOver(pod)));
      await pods.forget(name);
      return deletePods(run, removable.map(nameOf));
    },
    async removeLeftovers({ name }) {
      const listed = await pods.listAll(name);
      return listed.ok ? deletePods(run, listed.value.filter(isOver).map(nameOf)) : listed;
    },
    removeCopy: (spec) => removeClaim(run, settings, spec),
    runHelper(spec, user, name) {
      const podName = uniqueName(name);
      pods.use(name, podName);
      return runHelperPod(command, run, { spec, user, settings, podName, helper: name });
    },
    exec: endingInput(async (name, argv, { limitBytes, ...options }) => {
      const where = await pods.place(name);
      if (!where.ok) return where;
      const { value } = where;
      if (value === undefined) return ok(notRunning(name));
      const start = (signal: AbortSignal): Piped => pods.begin(value, argv, { ...options, signal });
      return settled(name, await collect(start, argv, { limitBytes, signal: options.signal }));
    }),
    execPiped(name, argv, options) {
      const stdout = new PassThrough();
      const done = (async (): Promise<Result<Finished>> => {
        const where = await pods.place(name);
        if (!where.ok || where.value === undefined) {
          stdout.end();
          return where.ok ? ok(notRunning(name)) : where;
        }
        const begun = pods.begin(where.value, argv, options);
        pipeline(begun.stdout, stdout, () => undefined);
        return settled(name, await begun.done);
      })();
      return { stdout, done };
    },
    async foreground(name, argv, options) {
      const where = await pods.place(name);
      if (!where.ok) return where;
      if (where.value === undefined) return ok(notRunning(name));
      const forwarded = forwardPorts(where.value, options.forwardsPorts === true ? ports : [], options.warn);
      try {
        return settled(name, await execForeground(where.value, argv, options));
      } finally {
        await forwarded.end();
      }
    },
  };

  /** Creates the pod of a container, unless another tazpod has just done so, and removes records of pods that are over. */
  async function createOnly(request: PodRequest): Promise<Result<void>> {
    const { spec, podName } = request;
    const created = await createPod(run, request);
    if (!created.ok) return created;
    const listed = await pods.listAll(spec.name);
    if (!listed.ok) return listed;
    const over = listed.value.filter(isOver);
    // of two tazpods that create one at the same time, the older pod stays
    const older = livePod(listed.value.filter((pod) => !isHelper(pod)))?.metadata.name ?? podName;
    await deletePods(run, [...over.map(nameOf), ...(older === podName ? [] : [podName])]);
    if (older === podName) return ok(undefined);
    return fail({ kind: "changed-meanwhile", detail: `Another tazpod has just created the pod ${older}` });
  }
}

const nameOf = ({ metadata }: Pod): string => metadata.name;

const uniqueName = (name: string): string => `${dnsName(name)}-${randomBytes(3).toString("hex")}`;

const unusable = (setting: string, detail: string, hint: string): Result<never> =>
  fail({ kind: "setting-unusable", setting, detail, hint });

function unusableSetting({
  network,
  mounts,
  build,
  memoryBytes,
  secretsBytes,
}: ContainerSpec): Result<never> | undefined {
  if (network === "host") return unusable("network: host", "a pod has a network of its own", "Remove it.");
  if (network === "none")
    return unusable(
      "network: none",
      "a pod cannot switch its network off",
      "Remove it, and use a NetworkPolicy.",
    );
  if (mounts.length > 0)
    return unusable(
      "mounts",
      "a pod does not see this host's files",
      "Add volumes with `pod` below `kubernetes`.",
    );
  if (build !== undefined)
    return unusable(
      "build",
      "the cluster's nodes pull images",
      "Push the image to a registry and set `image`.",
    );
  if (memoryBytes !== undefined && memoryBytes < secretsBytes + 32 * 1024 ** 2)
    return unusable(
      "limits.memory",
      "the open vault counts against it, and less than 32 MiB would be left for programs",
      "Raise it, or lower `vault.size`.",
    );
  return undefined;
}

function sharedWithHost({ processes }: ContainerSpec): string[] {
  return [
    "users who may run programs in the pods of the namespace, and administrators of the cluster and its nodes, can read the open vault",
    ...(processes === undefined
      ? []
      : ["`limits.processes` has no effect: the node's kubelet limits processes"]),
  ];
}
