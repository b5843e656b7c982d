import { agentFolder, workspace } from "./paths.js";
import type { ContainerSpec, ContainerUser, Mount } from "./types.js";

/** All that a container has of its host. */
export function mountsOf(
  { project, mounts, sshFolder, agentFolder: sockets }: ContainerSpec,
  user: ContainerUser,
): Mount[] {
  const found = [{ source: project, target: workspace, readOnly: false }, ...mounts];
  if (sshFolder !== undefined) found.push({ source: sshFolder, target: `${user.home}/.ssh`, readOnly: true });
  if (sockets !== undefined) found.push({ source: sockets, target: agentFolder, readOnly: true });
  return found;
}
