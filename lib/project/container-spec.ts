import { join } from "node:path";
import { homeFolder } from "../host/paths.js";
import type { ContainerSpec } from "../engine/engine.js";
import type { Project } from "./project.js";
import { projectState } from "../host/project-state.js";

/** Returns the spec of the project's container. */
export function containerSpec(project: Project): ContainerSpec {
  const { root, config } = project;
  const { ssh } = config;
  return {
    name: config.containerName,
    project: root,
    image: config.image,
    ...(project.build?.ok === true ? { build: project.build.value } : {}),
    user: config.user,
    secretsBytes: config.secretsBytes,
    network: config.network,
    ...config.limits,
    ports: config.ports,
    mounts: config.mounts,
    workspace: config.workspace,
    ...(ssh === "mount" ? { sshFolder: join(homeFolder(), ".ssh") } : {}),
    // even if no agent is running now
    ...(ssh === "auto" || ssh === "agent" ? { agentFolder: agentSocketFolder(project) } : {}),
  };
}

/**
 * Returns the folder with sockets to the host's ssh-agent. It exists as long as the project's state, since a container
 * that mounts it may be restarted after a new login or a reboot. It contains no secrets, and only this user can enter
 * it.
 */
export function agentSocketFolder({ vaultFolder }: Pick<Project, "vaultFolder">): string {
  return join(projectState(vaultFolder), "ssh");
}
