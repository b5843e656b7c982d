import { join } from "node:path";
import { agentFolder, workspace } from "./paths.js";
import type { ContainerSpec, ContainerUser, Mount } from "./types.js";

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
