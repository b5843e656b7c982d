import { randomBytes } from "node:crypto";
import { PassThrough, Readable, pipeline } from "node:stream";
import { sleep } from "../../host/clock.js";
import { type Finished, type Piped } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import type { ContainerSpec, Engine } from "../engine.js";
import { notRunning } from "../this-host.js";
import { kubectlCommand, kubectlRunner, lastLine } from "./kubectl.js";
import { ensureClaim, removeClaim } from "./claim.js";
import { runHelperPod } from "./helper-pod.js";
import { deletePods, listPods, unexpected } from "./pods.js";
import { execForeground, execPiped, hasStarted, type Place } from "./pod-exec.js";
import {
  dnsName,
  labels,
  overlayProblem,
  podIdentity,
  podManifest,
  podSpec,
  type PodRequest,
} from "./pod-manifest.js";
import { containerState, isOver, isReady, livePod, type Pod, whyEnded, whyNotReady } from "./pod-state.js";
import { forwardPorts } from "./port-forward.js";
import type { KubernetesSettings } from "./settings.js";

/** How often a pod that is not ready is looked at, in ms. */
const pollMs = 400;

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
  /** The names of pods that were looked up, by container name. */
  const podNames = new Map<string, string>();

  const list = async (name: string): Promise<Result<readonly Pod[]>> => {
    const selector = `${labels.pod}=${podIdentity(name, settings.owner)}`;
    const pods = await listPods(run, selector);
    if (!pods.ok) return pods;
    const live = livePod(pods.value);
    if (live === undefined) podNames.delete(name);
    else podNames.set(name, live.metadata.name);
    return pods;
  };

  const place = async (name: string): Promise<Result<Place | undefined>> => {
    const known = podNames.get(name);
    if (known !== undefined) return ok({ command, podName: known, name });
    const pods = await list(name);
    if (!pods.ok) return pods;
    const podName = podNames.get(name);
    return ok(podName === undefined ? undefined : { command, podName, name });
  };

  /** Tells a connection that was lost from a pod that was; another pod may take its place. */
  const settled = async (name: string, done: Result<Finished>): Promise<Result<Finished>> => {
    if (done.ok && done.value.stderr === notRunning(name).stderr) podNames.delete(name);
    if (done.ok || done.failure.kind !== "connection-lost") return done;
    const pods = await list(name);
    return pods.ok && livePod(pods.value) === undefined ? ok(notRunning(name)) : done;
  };

  return {
    name: "kubernetes",
    async version() {
      const done = await run(["version", "-o", "json"]);
      if (!done.ok) return done;
      const found = /"serverVersion":[\s\S]*?"gitVersion":\s*"([^"]+)"/.exec(
        done.value.stdout.toString(),
      )?.[1];
      return found === undefined ? unexpected(["version"], done.value) : ok(found);
    },
    async address() {
      const done = await run([
        "config",
        "view",
        "--minify",
        "-o",
        "jsonpath={.clusters[0].cluster.server} {..namespace}",
      ]);
      if (!done.ok || done.value.code !== 0) return undefined;
      const [server = "", namespace = "default"] = done.value.stdout.toString().trim().split(" ");
      return `${server}/${settings.namespace ?? namespace}`;
    },
    effectiveSpec: (spec) => podSpec(spec, settings),
    sharedWithHost,
    async inspect(name) {
      const pods = await list(name);
      return pods.ok
        ? ok(containerState(livePod(pods.value), podIdentity(name, settings.owner), project))
        : pods;
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
      return createPod({ spec, user, settings, podName: uniqueName(spec.name), claim: claim.value });
    },
    async start(name, progress) {
      return waitUntilReady(name, progress);
    },
    async remove(name) {
      const pods = await list(name);
      if (!pods.ok) return pods;
      const present = pods.value.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      podNames.delete(name);
      return deletePods(
        run,
        present.map(({ metadata }) => metadata.name),
      );
    },
    removeCopy: (spec) => removeClaim(run, settings, spec),
    runHelper(spec, user) {
      const podName = uniqueName(spec.name);
      podNames.set(spec.name, podName);
      return runHelperPod({ command, run, request: { spec, user, settings, podName } });
    },
    async exec(name, argv, { limitBytes, ...options }) {
      const where = await place(name);
      if (!where.ok) return where;
      if (where.value === undefined) {
        // what is read for it would otherwise never end
        if (options.input instanceof Readable) options.input.destroy();
        return ok(notRunning(name));
      }
      return settled(name, await collect(execPiped(where.value, argv, options), limitBytes, argv));
    },
    execPiped(name, argv, options) {
      const stdout = new PassThrough();
      const done = (async (): Promise<Result<Finished>> => {
        const where = await place(name);
        if (!where.ok || where.value === undefined) {
          stdout.end();
          return where.ok ? ok(notRunning(name)) : where;
        }
        const begun = execPiped(where.value, argv, options);
        pipeline(begun.stdout, stdout, () => undefined);
        return settled(name, await begun.done);
      })();
      return { stdout, done };
    },
    async foreground(name, argv, options) {
      const where = await place(name);
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

  async function createPod(request: PodRequest): Promise<Result<void>> {
    const { spec, podName } = request;
    const manifest = podManifest(request);
    const wrong = overlayProblem(manifest, request);
    if (wrong !== undefined) return unusable("kubernetes.pod", wrong, "Correct `pod` below `kubernetes`.");
    const done = await run(["create", "-f", "-", "-o", "name"], { input: JSON.stringify(manifest) });
    if (!done.ok) return done;
    if (done.value.code !== 0)
      return fail({
        kind: "container-start",
        name: spec.name,
        detail: refusal(done.value.stderr),
        why: "cluster",
      });
    const pods = await list(spec.name);
    if (!pods.ok) return pods;
    // pods that are over are only records
    const over = pods.value.filter(({ status }) => isOver(status.phase));
    await deletePods(
      run,
      over.map(({ metadata }) => metadata.name),
    );
    // of two tazpods that create one at the same time, the older pod stays
    const live = livePod(pods.value)?.metadata.name;
    if (live === podName || live === undefined) return ok(undefined);
    await deletePods(run, [podName]);
    return fail({ kind: "changed-meanwhile", detail: `Another tazpod has just created the pod ${live}` });
  }

  async function waitUntilReady(
    name: string,
    progress: Parameters<Engine["start"]>[1],
  ): Promise<Result<void>> {
    const end = Date.now() + settings.startTimeoutMs;
    for (let said = ""; ;) {
      const pods = await list(name);
      if (!pods.ok) return pods;
      const pod = livePod(pods.value) ?? pods.value.at(-1);
      if (pod === undefined) return notStarted(name, "it was deleted while it started");
      const isLive = pod.metadata.deletionTimestamp === undefined;
      const place = { command, podName: pod.metadata.name, name };
      if (isReady(pod) && isLive && (await hasStarted(place))) return ok(undefined);
      const { reason, isFinal } = whyNotReady(pod);
      const why = isLive ? reason : (whyEnded([pod]) ?? reason);
      if (isFinal || !isLive) return notStarted(name, why);
      if (Date.now() > end)
        return notStarted(name, `it was not ready within ${settings.startTimeoutMs / 1000} s. ${why}`);
      if (progress?.signal?.aborted)
        return fail({ kind: "interrupted", signal: String(progress.signal.reason) });
      if (reason !== said) progress?.report(`waiting for the pod: ${reason}`);
      said = reason;
      await sleep(pollMs);
    }
  }
}

const notStarted = (name: string, detail: string): Result<never> =>
  fail({ kind: "container-start", name, detail, why: "cluster" });

async function collect(
  { stdout, done }: Piped,
  limitBytes = 16 * 1024 ** 2,
  argv: readonly string[] = [],
): Promise<Result<Finished>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limitBytes) chunks.push(chunk);
  });
  const result = await done;
  if (bytes > limitBytes)
    return fail({ kind: "too-much-output", what: argv.slice(0, 3).join(" "), limit: limitBytes });
  return result.ok ? ok({ ...result.value, stdout: Buffer.concat(chunks) }) : result;
}

/** Returns why the API server refused a pod, without kubectl's own words. */
const refusal = (stderr: string): string =>
  lastLine(stderr).replace(/^Error from server \((\w+)\): error when creating "STDIN": /, "$1: ");

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
