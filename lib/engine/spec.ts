import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathsOverlap, secretsFolder, workspace, agentFolder } from "./container-paths.js";
import type { ContainerSpec, ContainerUser, Mount } from "./engine.js";

/** Increased when the arguments below change meaning, so that tazpod offers to make older containers again. */
const generation = 3;

/** Returns a hash over all settings of a container, hex. */
export function specHash(spec: ContainerSpec): string {
  const { name, project, image, user, secretsBytes, network, ports, mounts, sshFolder, agentFolder } = spec;
  const places = mounts.map(({ source, target, readOnly }) => [source, target, readOnly]);
  const ssh = [sshFolder ?? null, agentFolder ?? null];
  const parts = [generation, name, project, image, user, secretsBytes, network, ports, places, ...ssh];
  if (spec.workspace === "copy") parts.push("copy");
  const { processes, memoryBytes } = spec;
  if (processes !== undefined || memoryBytes !== undefined)
    parts.push("limits", processes ?? null, memoryBytes ?? null);
  if (spec.pod !== undefined) parts.push("pod", JSON.stringify(spec.pod));
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** Returns the spec for an engine that cannot limit processes and memory. */
export function withoutLimits(spec: ContainerSpec): ContainerSpec {
  const { processes: _, memoryBytes: __, ...rest } = spec;
  return rest;
}

/** Names the image that a container would use with another engine. */
export function describeImage({ image, build }: Pick<ContainerSpec, "image" | "build">): string {
  return build === undefined ? image : `the image that \`build\` builds from ${build.dockerfile}`;
}

/**
 * Returns why a mount target cannot be used, or undefined if all can. Depends on the image's user, so it is checked
 * late.
 */
export function mountProblem(spec: ContainerSpec, user: ContainerUser): string | undefined {
  const secrets = secretsFolder(user.home);
  // nor in the copy of the project
  const copy = spec.workspace === "copy" ? [{ target: workspace }] : [];
  const mounts = [...copy, ...mountsOf(spec, user)];
  const wrong = mounts.find(({ target }) => pathsOverlap(target, secrets));
  if (wrong !== undefined) return `the target ${wrong.target} overlaps the RAM folder, ${secrets}`;
  const again = mounts.find(({ target }, index) =>
    mounts.slice(0, index).some((mount) => mount.target === target),
  );
  return again && `two mounts have the target ${again.target}`;
}

/** tazpod's own folder in the mounted project: read-only in the container, with the vault hidden. */
const ownFolder = `${workspace}/.tazpod`;
export const vaultCover = `${ownFolder}/vault`;

/** Returns everything of the host that is mounted in a container. */
export function mountsOf(
  { project, mounts, sshFolder, agentFolder: sockets, workspace: how = "mount" }: ContainerSpec,
  user: ContainerUser,
): Mount[] {
  const own =
    how === "mount"
      ? [
          { source: project, target: workspace, readOnly: false },
          { source: join(project, ".tazpod"), target: ownFolder, readOnly: true },
        ]
      : [];
  const found = [...own, ...mounts];
  if (sshFolder !== undefined) found.push({ source: sshFolder, target: `${user.home}/.ssh`, readOnly: true });
  if (sockets !== undefined) found.push({ source: sockets, target: agentFolder, readOnly: true });
  return found;
}
