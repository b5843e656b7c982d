import { join, resolve } from "node:path";
import { homeFolder } from "../host/paths.js";
import type { SsoSettings } from "../aws/client-config.js";
import type { ConfigFile } from "../generated/config.js";
import { defaultSettings, type KubernetesSettings } from "../engine/kubernetes/settings.js";
import { durationMs } from "../host/human.js";
import { completeBuild } from "./image-build.js";
import { containerName, defaults } from "./defaults.js";
import type { Config, ConfiguredPart, RemoteConfig, SessionConfig, ContainerSettings } from "./project.js";

const units: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Returns a config with all defaults filled in. */
export function completeConfig(file: ConfigFile, root: string): Config {
  const build = completeBuild(file);
  return {
    image: file.image ?? defaults.image,
    build,
    containerName: file.container_name ?? containerName(root),
    user: file.user ?? defaults.user,
    ghostMode: file.ghost_mode ?? file.features?.ghost_mode ?? true,
    engine: file.engine ?? "auto",
    network: file.network ?? "bridge",
    workspace: file.workspace ?? "mount",
    ssh: file.workspace === "copy" ? "none" : (file.ssh ?? "auto"),
    git: file.git ?? "identity",
    ...completeContainerSettings(file, root),
    limits: {
      processes: file.limits?.processes,
      memoryBytes: file.limits?.memory === undefined ? undefined : bytes(file.limits.memory),
    },
    kubernetes: completeKubernetes(file),
    shell: file.shell,
    remote: completeRemote(file),
    vaultFormat: file.vault?.format ?? "age",
    retention: file.vault?.retention,
    workFactor: file.vault?.max_work_factor ?? defaults.workFactor,
    secretsBytes: file.vault?.size === undefined ? defaults.secretsBytes : bytes(file.vault.size),
    parts: completeParts(file),
    session: completeSession(file),
    requestRules: file.request_rules ?? [],
    graceMs: durationMs(file.grace ?? "15s"),
    notes: notes(file),
  };
}

function completeKubernetes({ kubernetes: file = {} }: ConfigFile): KubernetesSettings {
  const preset = defaultSettings();
  const uid = file.uid ?? preset.uid;
  return {
    ...{ context: file.context, namespace: file.namespace, owner: file.owner },
    ...{ uid, gid: file.gid ?? uid, home: file.home },
    ...{ requests: texts(file.requests), limits: texts(file.limits) },
    workspace: { size: file.workspace?.size, storageClass: file.workspace?.storage_class },
    imagePullPolicy: file.image_pull_policy ?? preset.imagePullPolicy,
    pullSecrets: file.image_pull_secrets ?? [],
    serviceAccount: file.service_account,
    ...{ nodeSelector: texts(file.node_selector), tolerations: file.tolerations ?? [] },
    ...{ labels: texts(file.labels), annotations: texts(file.annotations), overlay: file.pod ?? {} },
    startTimeoutMs: file.start_timeout === undefined ? preset.startTimeoutMs : durationMs(file.start_timeout),
    timeToLiveMs: spanMs(file.time_to_live ?? "off"),
  };
}

const texts = (
  map: Readonly<Record<string, string | number | boolean>> = {},
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, String(value)]));

function completeParts({ parts = {} }: ConfigFile): ConfiguredPart[] {
  return Object.entries(parts).map(([name, given]) => {
    const { paths, open = "always" } =
      typeof given === "string" || Array.isArray(given) ? { paths: given } : given;
    return { name, paths: [paths].flat(), onRequest: open === "on-request" };
  });
}

function completeSession({ session = {} }: ConfigFile): SessionConfig {
  const { autosave, autopush = false, idle_lock: idle, unattended_lock: unattended, requests } = session;
  return {
    autosaveMs: spanMs(autosave ?? "30s"),
    autopush,
    idleMs: spanMs(idle ?? "off"),
    unattendedMs: spanMs(unattended ?? "10m"),
    requests,
  };
}

const spanMs = (given: string): number => (given === "off" ? 0 : durationMs(given));

function completeRemote(file: ConfigFile): RemoteConfig {
  const remote = typeof file.remote === "string" ? { url: file.remote } : (file.remote ?? {});
  const sso = file.aws_sso ?? {};
  const profile = remote.profile ?? (sso.profile || undefined);
  return {
    url: remote.url ?? `s3://${sso.bucket || defaults.bucket}/${defaults.key}`,
    region: remote.region ?? (sso.region || defaults.region),
    profile,
    endpoint: remote.endpoint,
    pathStyle: remote.path_style,
    singleWriter: remote.single_writer ?? false,
    sso: file.sso === undefined ? undefined : completeSso(file.sso),
  };
}

function completeSso(file: NonNullable<ConfigFile["sso"]>): SsoSettings {
  const { start_url: startUrl, region = "", account_id: account = "", role_name: roleName = "" } = file;
  const sharesAwsCache = file.share_aws_cache ?? false;
  if (startUrl === undefined) return { sharesAwsCache };
  // an unquoted id is a number without its leading zeros
  return {
    portal: { startUrl, region, accountId: String(account).padStart(12, "0"), roleName },
    sharesAwsCache,
  };
}

function bytes(size: string): number {
  return Number(size.slice(0, -1)) * (units[size.slice(-1)] ?? 1);
}

function notes(file: ConfigFile): string[] {
  const found: string[] = [];
  if (file.mode !== undefined) found.push(`mode: ${file.mode} has no effect; use engine.`);
  if (file.providers !== undefined) found.push("providers has no effect.");
  const build = completeBuild(file);
  if (file.build !== undefined && build === undefined)
    found.push("build has no effect: it has neither a dockerfile nor a context.");
  if (build !== undefined && file.image !== undefined) found.push("image has no effect: build is set.");
  for (const key of Object.keys(file.features ?? {})) {
    if (key !== "ghost_mode") found.push(`features.${key} has no effect.`);
  }
  return found;
}

function completeContainerSettings(file: ConfigFile, root: string): ContainerSettings {
  return {
    bridges: outermost(file.bridges ?? [".aws"]),
    ports: [...new Set((file.ports ?? []).map(published))],
    mounts: (file.mounts ?? []).map(({ source, target, read_only: readOnly = false }) => ({
      source: onHost(source, root),
      target,
      readOnly,
    })),
    env: Object.fromEntries(Object.entries(file.env ?? {}).map(([name, value]) => [name, String(value)])),
  };
}

/** Drops paths below other listed paths. */
function outermost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => !paths.some((above) => path.startsWith(`${above}/`)));
}

/** Returns a port with its address; without one it is published on this host's loopback only. */
function published(port: string | number): string {
  const [ports = "", protocol = "tcp"] = String(port).split("/");
  const both = ports.includes(":") ? ports : `${ports}:${ports}`;
  const hasAddress = both.replace(/^\[.*\]/, "").split(":").length === 3;
  return `${hasAddress ? both : `127.0.0.1:${both}`}/${protocol}`;
}

function onHost(path: string, root: string): string {
  return path === "~" || path.startsWith("~/") ? join(homeFolder(), path.slice(1)) : resolve(root, path);
}
