import { mountsOf, specHash, vaultCover } from "../spec.js";
import { secretsFolder, workspace } from "../container-paths.js";
import type { ContainerSpec, ContainerUser, Mount } from "../engine.js";
import { type CreateOptions, flavorOf } from "./flavors.js";
import type { Volume } from "./volume.js";

/** The labels that identify a container or volume. */
export const labels = {
  project: "tazpod.project",
  spec: "tazpod.spec",
  home: "tazpod.home",
  /** The content id of the image in the settings, if the container's was made from it. */
  image: "tazpod.image",
  /** On a volume and its container: the volume's own id, since a name can be reused. */
  workspace: "tazpod.workspace",
  /** On a helper container: the process that owns it. */
  helper: "tazpod.beside",
} as const;

// Keeps the container alive and lets it stop at once: a shell as PID 1 has no default action for SIGTERM, and a
// foreground command would delay the trap. `wait` also reaps orphaned processes.
const idleScript = 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait "$!"; done';

/**
 * The capabilities root keeps where the shell runs as root; without them it could not work in a project that another
 * user owns. Other users have no capabilities and cannot gain any.
 */
const rootCapabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/** Enough for a large build, too few to exhaust the host's process ids. */
const defaultProcesses = 4096;

/**
 * Returns the arguments of `create` for docker and podman: no capabilities, no privileges, no host network by default.
 */
export function createArguments(
  spec: ContainerSpec,
  user: ContainerUser,
  options: CreateOptions = flavorOf("docker").createOptions(spec, user, false),
  volume?: Volume,
): string[] {
  return [
    "create",
    ...commonArguments(spec, user, options, volume),
    ...["--entrypoint", "sh", user.image?.name ?? spec.image, "-c", idleScript],
  ];
}

// the shell reaps orphaned processes; it ends when its stdin does
const untilStdinEndsScript = "echo started; cat >/dev/null; exit 0";

/** Returns the arguments that run a container which ends with its stdin and is then removed. It publishes no ports. */
export function helperArguments(
  spec: ContainerSpec,
  user: ContainerUser,
  owner: string,
  options: CreateOptions = flavorOf("docker").createOptions(spec, user, false),
): string[] {
  return [
    ...["run", "--rm", "--interactive", "--label", `${labels.helper}=${owner}`],
    // the shell ignores SIGTERM, and podman's `rm --force` would wait ten seconds for it
    ...["--stop-signal", "KILL"],
    ...commonArguments({ ...spec, ports: [] }, user, options),
    ...["--entrypoint", "sh", user.image?.name ?? spec.image, "-c", untilStdinEndsScript],
  ];
}

function commonArguments(
  spec: ContainerSpec,
  user: ContainerUser,
  { tmpfsOwner, emptyTmpfs, network, more }: CreateOptions,
  volume?: Volume,
): string[] {
  const tmpfs = `rw,nosuid,nodev,noexec,size=${spec.secretsBytes},mode=0700,${tmpfsOwner}`;
  const capabilities = user.uid === 0 ? rootCapabilities.flatMap((name) => ["--cap-add", name]) : [];
  return [
    ...["--name", spec.name],
    ...["--label", `${labels.project}=${spec.project}`],
    ...["--label", `${labels.spec}=${specHash(spec)}`],
    ...["--label", `${labels.home}=${user.home}`],
    ...(user.image === undefined ? [] : ["--label", `${labels.image}=${user.image.from}`]),
    ...mountsOf(spec, user).flatMap((mount) => ["--mount", mountArgument(mount)]),
    ...(spec.workspace === "empty"
      ? ["--tmpfs", `${workspace}:rw,exec,nosuid,nodev,size=${emptyWorkspaceBytes},mode=0755,${tmpfsOwner}`]
      : volume === undefined
        ? ["--mount", [coverMount, ...emptyTmpfs].join(",")]
        : workspaceVolume(volume)),
    ...["--tmpfs", `${secretsFolder(user.home)}:${tmpfs}`],
    ...["--cap-drop", "ALL", ...capabilities],
    ...["--security-opt", "no-new-privileges"],
    ...["--pids-limit", String(spec.processes ?? defaultProcesses)],
    // no swap, so that secrets never reach a disk
    ...(spec.memoryBytes === undefined
      ? []
      : ["--memory", String(spec.memoryBytes), "--memory-swap", String(spec.memoryBytes)]),
    ...["--network", network],
    ...more,
    ...spec.ports.flatMap((port) => ["--publish", port]),
    ...["--workdir", workspace],
  ];
}

/** An empty read-only folder that hides the sealed vault. */
const coverMount = `type=tmpfs,target=${vaultCover},tmpfs-size=4096,tmpfs-mode=0555,ro`;

/** The size of an empty /workspace, in bytes: twice the largest copy that is put into it. */
const emptyWorkspaceBytes = 512 * 1024 ** 2;

function workspaceVolume({ name, id }: Volume): string[] {
  return [
    ...["--mount", `type=volume,source=${name},target=${workspace}`],
    ...["--label", `${labels.workspace}=${id}`],
  ];
}

/** Returns a `--mount` value. It is one line of CSV, so colons, spaces, commas and quotes in a path are safe. */
function mountArgument({ source, target, readOnly }: Mount): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readOnly ? ["readonly"] : [])];
  return fields
    .map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(",");
}
