import { mountsOf, specHash, vaultCover } from "../spec.js";
import { secretsFolder, workspace } from "../paths.js";
import type { ContainerSpec, ContainerUser, Mount } from "../engine.js";
import { type CreateOptions, flavorOf } from "./flavors.js";
import type { Volume } from "./volume.js";

/** The labels by which a container is known again. */
export const labels = {
  project: "tazpod.project",
  spec: "tazpod.spec",
  home: "tazpod.home",
  /** Of a volume and of the container that has it: the volume's own id, since a name can be used again. */
  workspace: "tazpod.workspace",
  /** Of a container that ends with a tazpod: which process that is. */
  helper: "tazpod.beside",
} as const;

// Keeps the container alive and lets it stop at once: a shell as PID 1 has no default action for SIGTERM,
// and waiting in the foreground would hold the trap back. `wait` also reaps what shells leave behind.
const idle = 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait "$!"; done';

/**
 * What root in the container keeps, where the shell is to run as root: without these it could not even work in a project
 * that is another user's. Nobody else has, or can get, any capability.
 */
const ofRoot = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/** Enough for a large build, and too few to take every process number of the host. */
const defaultProcesses = 4096;

/** The arguments of `create` for docker and podman: no capability, no privilege, no host network unless asked. */
export function createArguments(
  spec: ContainerSpec,
  user: ContainerUser,
  options: CreateOptions = flavorOf("docker").createOptions(spec, user, false),
  volume?: Volume,
): string[] {
  return [
    "create",
    ...commonArguments(spec, user, options, volume),
    ...["--entrypoint", "sh", spec.image, "-c", idle],
  ];
}

// a shell reaps what the command leaves behind; it cannot end before its stdin does
const untilStdinEnds = "echo started; cat >/dev/null; exit 0";

/** The arguments that run a container which ends with its stdin, and is removed then. It publishes no port. */
export function helperArguments(
  spec: ContainerSpec,
  user: ContainerUser,
  owner: string,
  options: CreateOptions = flavorOf("docker").createOptions(spec, user, false),
): string[] {
  return [
    ...["run", "--rm", "--interactive", "--label", `${labels.helper}=${owner}`],
    ...commonArguments({ ...spec, ports: [] }, user, options),
    ...["--entrypoint", "sh", spec.image, "-c", untilStdinEnds],
  ];
}

function commonArguments(
  spec: ContainerSpec,
  user: ContainerUser,
  { tmpfsOwner, network, more }: CreateOptions,
  volume?: Volume,
): string[] {
  const tmpfs = `rw,nosuid,nodev,noexec,size=${spec.secretsBytes},mode=0700,${tmpfsOwner}`;
  const capabilities = user.uid === 0 ? ofRoot.flatMap((name) => ["--cap-add", name]) : [];
  return [
    ...["--name", spec.name],
    ...["--label", `${labels.project}=${spec.project}`],
    ...["--label", `${labels.spec}=${specHash(spec)}`],
    ...["--label", `${labels.home}=${user.home}`],
    ...mountsOf(spec, user).flatMap((mount) => ["--mount", bind(mount)]),
    ...(volume === undefined ? ["--mount", cover] : withCopy(volume)),
    ...["--tmpfs", `${secretsFolder(user.home)}:${tmpfs}`],
    ...["--cap-drop", "ALL", ...capabilities],
    ...["--security-opt", "no-new-privileges"],
    ...["--pids-limit", String(spec.processes ?? defaultProcesses)],
    // without swap, where secrets could be written to disk
    ...(spec.memoryBytes === undefined
      ? []
      : ["--memory", String(spec.memoryBytes), "--memory-swap", String(spec.memoryBytes)]),
    ...["--network", network],
    ...more,
    ...spec.ports.flatMap((port) => ["--publish", port]),
    ...["--workdir", workspace],
  ];
}

/** An empty folder in the place of the sealed vault, with no room for anything. */
const cover = `type=tmpfs,target=${vaultCover},tmpfs-size=4096,tmpfs-mode=0555,ro`;

function withCopy({ name, id }: Volume): string[] {
  return [
    ...["--mount", `type=volume,source=${name},target=${workspace}`],
    ...["--label", `${labels.workspace}=${id}`],
  ];
}

/** A `--mount` value is one line of CSV: this survives colons, spaces, commas and quotes in a path. */
function bind({ source, target, readOnly }: Mount): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readOnly ? ["readonly"] : [])];
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}
