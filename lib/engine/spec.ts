import { createHash } from "node:crypto";
import { join } from "node:path";
import { overlap, secretsFolder, workspace, agentFolder } from "./paths.js";
import type { ContainerSpec, ContainerUser, Mount } from "./engine.js";

/** Counts up when the options below change meaning, so that containers made before are offered for making again. */
const generation = 3;

/** A hash over all that a container is made from, hex. */
export function specHash(spec: ContainerSpec): string {
  const { name, project, image, user, secretsBytes, network, ports, mounts, sshFolder, agentFolder } = spec;
  const places = mounts.map(({ source, target, readOnly }) => [source, target, readOnly]);
  const ssh = [sshFolder ?? null, agentFolder ?? null];
  const parts = [generation, name, project, image, user, secretsBytes, network, ports, places, ...ssh];
  if (spec.workspace === "copy") parts.push("copy");
  const { processes, memoryBytes } = spec;
  if (processes !== undefined || memoryBytes !== undefined)
    parts.push("limits", processes ?? null, memoryBytes ?? null);
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** A spec for an engine that cannot limit processes and memory. */
export function withoutLimits(spec: ContainerSpec): ContainerSpec {
  const { processes: _, memoryBytes: __, ...rest } = spec;
  return rest;
}

/** The image that a container would have been made from, for an engine that makes it from none. */
export function describeImage({ image, build }: Pick<ContainerSpec, "image" | "build">): string {
  return build === undefined ? image : `the image that \`build\` makes from ${build.dockerfile}`;
}

/** Why a mount cannot be where it is to be, in words; undefined when all can. What depends on the image is known only then. */
export function mountProblem(spec: ContainerSpec, user: ContainerUser): string | undefined {
  const secrets = secretsFolder(user.home);
  // nor may it be in what is carried
  const copy = spec.workspace === "copy" ? [{ target: workspace }] : [];
  const mounts = [...copy, ...mountsOf(spec, user)];
  const wrong = mounts.find(({ target }) => overlap(target, secrets));
  if (wrong !== undefined) return `${wrong.target} is in the way of the RAM folder, ${secrets}`;
  const again = mounts.find(({ target }, index) =>
    mounts.slice(0, index).some((mount) => mount.target === target),
  );
  return again && `there are two for ${again.target}`;
}

/** Where tazpod's own folder of a mounted project is inside: nothing in it can be changed there, and the vault is not seen. */
const ownFolder = `${workspace}/.tazpod`;
export const vaultCover = `${ownFolder}/vault`;

/** All that a container has of its host. */
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
