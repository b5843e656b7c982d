import { createHash } from "node:crypto";
import { workspace } from "../container-paths.js";
import { specHash } from "../spec.js";
import type { ContainerSpec, ContainerUser } from "../engine.js";
import { type KubernetesSettings, ownerOf } from "./settings.js";

/** The name of the container in the pod. */
export const containerName = "tazpod";

/** Where the pod's memory volume is. The RAM folder in it has mode 0700; the volume's own mode cannot be changed. */
export const ramFolder = "/run/tazpod-vault";

export const labels = {
  managedBy: "app.kubernetes.io/managed-by",
  /** A hash of the container's name. */
  name: "tazpod.dev/name",
  /** A hash of the container's name and the owner. */
  pod: "tazpod.dev/pod",
  /** A hash of the helper's own name, only on pods of `run with`. */
  helper: "tazpod.dev/helper",
} as const;

export const annotations = {
  container: "tazpod.dev/container",
  owner: "tazpod.dev/owner",
  project: "tazpod.dev/project",
  spec: "tazpod.dev/spec",
  home: "tazpod.dev/home",
} as const;

/** Returns the label's value that finds the pods of a container name, of one owner or of all, in any namespace. */
export function podIdentity(name: string, owner?: string): string {
  return createHash("sha256")
    .update(JSON.stringify([name, owner]))
    .digest("hex")
    .slice(0, 20);
}

/** Returns a name as Kubernetes allows it: lower-case letters, digits and `-`, at most 50 characters. */
export function dnsName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 50)
    .replace(/^-+|-+$/g, "");
  return plain === "" ? "tazpod" : plain;
}

/*
 * Process 1: $1 is the user, $2 the memory volume, $3 the time to live in s, $4 the same as text. It ends on SIGTERM, as a
 * deletion sends it; open programs would otherwise run on through the grace period. The ids of the image's user are checked
 * here, since they were not looked up. A program that has already ended is noticed by the pids, which are given in turn: the
 * next `sleep` does not follow the last. Kubernetes makes one of two dollar signs in a row.
 */
const firstProcess = `trap 'exit 0' TERM INT
refuse() { echo "$1" > /dev/termination-log; echo "$1" >&2; exit 64; }
umask 077
u=$(id -u) && h=$HOME
while IFS=: read -r n _ i g _ d _; do
  [ "$n" = "$1" ] && [ "$i" != "$u" ] && refuse "the image's user $n has uid $i, gid $g and home $d, but the settings say uid $u"
  [ "$n" = "$1" ] && [ "$d" != "$h" ] && refuse "the image's user $n has the home $d, but the settings say $h"
done < /etc/passwd
command -v tar >/dev/null || refuse "the image has no tar"
mkdir -p "$2/secrets" && chmod 700 "$2/secrets" || refuse "the RAM folder cannot be made"
[ -e "$h/secrets" ] || [ -L "$h/secrets" ] || ln -s "$2/secrets" "$h/secrets" 2>/dev/null
[ -w ${workspace} ] || refuse "${workspace} cannot be written by uid $u"
: > "$2/ready"
[ "$3" -gt 0 ] || while :; do sleep 3600 & wait $!; done
t=$((($3 + 59) / 60)) n=0
[ "$t" -le 60 ] || t=60
sleep "$t" & s=$!
while [ "$n" -lt "$3" ]; do
  wait "$s"
  n=$((n + t)) l=$s
  sleep "$t" & s=$!
  [ "$s" = "$((l + 1))" ] || n=0
  for p in /proc/[0-9]*; do
    case \${p#/proc/} in 1 | "$s") ;; *) n=0 ;; esac
  done
  [ -e "$2/secrets/.tazpod/open" ] && n=0
done
echo "no program ran in it for $4 (kubernetes.time_to_live)" > /dev/termination-log
exit 0`;

/** What a pod is made from. */
export interface PodRequest {
  readonly spec: ContainerSpec;
  readonly user: ContainerUser;
  readonly settings: KubernetesSettings;
  /** The pod's name, unique in its namespace. */
  readonly podName: string;
  /** The claim for /workspace; undefined for a folder that ends with the pod. */
  readonly claim?: string | undefined;
  /** The own name of a pod of `run with`, which lives as long as this process; `spec` is the project's. */
  readonly helper?: string;
}

type Json = Record<string, unknown>;

/** Returns the manifest of a pod, as JSON. It meets the restricted pod security standard. */
export function podManifest(request: PodRequest): Json {
  const { spec, user, settings, podName, claim, helper } = request;
  const owner = ownerOf(settings);
  const { overlay } = settings;
  const manifest: Json = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName,
      labels: {
        ...settings.labels,
        [labels.managedBy]: "tazpod",
        [labels.name]: podIdentity(spec.name),
        [labels.pod]: podIdentity(spec.name, owner),
        ...(helper === undefined ? {} : { [labels.helper]: podIdentity(helper) }),
      },
      annotations: {
        ...settings.annotations,
        [annotations.container]: spec.name,
        [annotations.owner]: owner,
        [annotations.project]: spec.project,
        [annotations.spec]: specHash(podSpec(spec, settings)),
        [annotations.home]: user.home,
      },
    },
    spec: {
      restartPolicy: "Never",
      ...{ automountServiceAccountToken: false, enableServiceLinks: false, terminationGracePeriodSeconds: 5 },
      ...(settings.serviceAccount === undefined ? {} : { serviceAccountName: settings.serviceAccount }),
      ...(settings.pullSecrets.length === 0
        ? {}
        : { imagePullSecrets: settings.pullSecrets.map((name) => ({ name })) }),
      ...(Object.keys(settings.nodeSelector).length === 0 ? {} : { nodeSelector: settings.nodeSelector }),
      ...(settings.tolerations.length === 0 ? {} : { tolerations: settings.tolerations }),
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: user.uid, runAsGroup: user.gid, fsGroup: user.gid },
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [container(request)],
      volumes: [
        { name: "ram", emptyDir: { medium: "Memory", sizeLimit: String(spec.secretsBytes) } },
        {
          name: "workspace",
          ...(claim === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName: claim } }),
        },
      ],
    },
  };
  return Object.keys(overlay).length === 0 ? manifest : (merge(manifest, overlay) as Json);
}

function container({ spec, user, settings, helper }: PodRequest): Json {
  // what holds a helper pod is a program in it: without it, it is idle
  const seconds = Math.ceil((helper === undefined ? settings.timeToLiveMs : settings.startTimeoutMs) / 1000);
  const live = [String(seconds), spanText(seconds)];
  const memory = spec.memoryBytes === undefined ? {} : { memory: String(spec.memoryBytes) };
  return {
    name: containerName,
    image: spec.image,
    imagePullPolicy: settings.imagePullPolicy,
    command: ["sh", "-c", firstProcess, "tazpod", spec.user, ramFolder, ...live],
    workingDir: workspace,
    env: [
      { name: "HOME", value: user.home },
      // where links to the vault's files belong: the RAM folder is not in the home
      { name: "TAZPOD_HOME", value: user.home },
    ],
    securityContext: {
      ...{ allowPrivilegeEscalation: false, privileged: false, capabilities: { drop: ["ALL"] } },
    },
    resources: {
      // the files in memory count against the limit
      requests: { cpu: "50m", memory: String(spec.secretsBytes + 64 * 1024 ** 2), ...settings.requests },
      limits: { ...memory, ...settings.limits },
    },
    volumeMounts: [
      { name: "ram", mountPath: ramFolder },
      { name: "workspace", mountPath: workspace },
    ],
  };
}

/** Returns a time as settings write it: `12h`, `90s`. */
function spanText(seconds: number): string {
  const [length, unit] = ([3600, 60, 1] as const)
    .map((size, index) => [size, "hms"[index]] as const)
    .find(([size]) => seconds % size === 0) as readonly [number, string];
  return `${seconds / length}${unit}`;
}

/** Returns a spec as pods use it: it has the project's copy, and does not depend on this host's folders. */
export function podSpec(spec: ContainerSpec, settings: KubernetesSettings): ContainerSpec {
  const { agentFolder: _, sshFolder: __, build: ___, ...rest } = spec;
  const { startTimeoutMs: ____, context: _____, namespace: ______, ...relevant } = settings;
  return { ...rest, project: "", ports: [], workspace: "copy", pod: relevant };
}

/** Merges a patch: maps by key, lists of named items by name; everything else is replaced. */
function merge(value: unknown, patch: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(patch) && [...value, ...patch].every(isNamed)) {
    const patches = new Map(patch.map((item) => [item.name, item]));
    const merged = value.map((item) => (patches.has(item.name) ? merge(item, patches.get(item.name)) : item));
    const known = new Set(value.map(({ name }) => name));
    return [...merged, ...patch.filter(({ name }) => !known.has(name))];
  }
  if (!isMap(value) || !isMap(patch)) return patch;
  const result: Json = { ...value };
  for (const [key, item] of Object.entries(patch))
    result[key] = key in value ? merge(value[key], item) : item;
  return result;
}

const isMap = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isNamed = (value: unknown): value is { readonly name: string } =>
  isMap(value) && typeof value["name"] === "string";

/** Returns why a manifest cannot be used after an overlay, or undefined. */
export function overlayProblem(manifest: Json, { podName }: PodRequest): string | undefined {
  const { metadata, spec } = manifest as {
    readonly metadata: { readonly name?: unknown; readonly labels?: Json };
    readonly spec: {
      readonly containers: readonly { readonly name: string }[];
      readonly volumes: readonly {
        readonly name: string;
        readonly emptyDir?: { readonly medium?: unknown };
      }[];
    };
  };
  if (metadata.name !== podName) return "it must not name the pod";
  if (metadata.labels?.[labels.managedBy] !== "tazpod")
    return `it must not change the label ${labels.managedBy}`;
  const ram = spec.volumes.find(({ name }) => name === "ram");
  if (ram?.emptyDir?.medium !== "Memory") return "the volume `ram` must stay in memory";
  if (!spec.containers.some(({ name }) => name === containerName))
    return `the container ${containerName} must stay`;
  return undefined;
}
