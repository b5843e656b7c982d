import { agentFolder, workspace } from "./paths.js";
import type { ContainerSpec, ContainerUser, Mount } from "./types.js";

/** All that a container has of its host. */
export function mountsOf(
  { project, mounts, sshFolder, agentFolder: sockets, workspace: how = "mount" }: ContainerSpec,
  user: ContainerUser,
): Mount[] {
  const own = how === "mount" ? [{ source: project, target: workspace, readOnly: false }] : [];
  const found = [...own, ...mounts];
  if (sshFolder !== undefined) found.push({ source: sshFolder, target: `${user.home}/.ssh`, readOnly: true });
  if (sockets !== undefined) found.push({ source: sockets, target: agentFolder, readOnly: true });
  return found;
}
