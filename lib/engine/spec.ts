import { createHash } from "node:crypto";
import { secretsFolder, workspace } from "./paths.js";
import type { ContainerSpec, ContainerUser } from "./types.js";

/** The labels by which a container is known again. */
export const labels = {
  project: "tazpod.project",
  spec: "tazpod.spec",
  home: "tazpod.home",
} as const;

/** Counts up when the options below change meaning, so that containers made before are offered for making again. */
const generation = 1;

/** A hash over all that a container is made from, hex. */
export function specHash(spec: ContainerSpec): string {
  const { name, project, image, user, secretsBytes, network, sshFolder } = spec;
  const parts = [generation, name, project, image, user, secretsBytes, network, sshFolder ?? null];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

// Keeps the container alive and lets it stop at once: a shell as PID 1 has no default action for SIGTERM,
// and waiting in the foreground would hold the trap back. `wait` also reaps what shells leave behind.
const idle = 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait "$!"; done';

/** The arguments of `create` for docker and podman: no capability, no privilege, no host network unless asked. */
export function createArguments(spec: ContainerSpec, user: ContainerUser): string[] {
  const tmpfs = `rw,nosuid,nodev,noexec,size=${spec.secretsBytes},mode=0700,uid=${user.uid},gid=${user.gid}`;
  const ssh =
    spec.sshFolder === undefined ? [] : ["--mount", bind(spec.sshFolder, `${user.home}/.ssh`, true)];
  return [
    ...["create", "--name", spec.name],
    ...["--label", `${labels.project}=${spec.project}`],
    ...["--label", `${labels.spec}=${specHash(spec)}`],
    ...["--label", `${labels.home}=${user.home}`],
    ...["--mount", bind(spec.project, workspace, false), ...ssh],
    ...["--tmpfs", `${secretsFolder(user.home)}:${tmpfs}`],
    ...["--security-opt", "no-new-privileges"],
    ...["--network", spec.network],
    ...["--workdir", workspace],
    ...["--entrypoint", "sh", spec.image, "-c", idle],
  ];
}

/** A `--mount` value is one line of CSV: this survives colons, spaces, commas and quotes in a path. */
function bind(source: string, target: string, readOnly: boolean): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readOnly ? ["readonly"] : [])];
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}
