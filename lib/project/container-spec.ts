import { homedir } from "node:os";
import { join } from "node:path";
import type { ContainerSpec } from "../engine/engine.js";
import type { Project } from "./project.js";
import { projectState } from "../host/project-state.js";

/** What the project's container is to be made from. */
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
    ...(ssh === "mount" ? { sshFolder: join(homedir(), ".ssh") } : {}),
    // whether there is an agent today or not
    ...(ssh === "auto" || ssh === "agent" ? { agentFolder: agentSocketFolder(project) } : {}),
  };
}

/**
 * The folder whose sockets lead to the host's ssh-agent while a shell is open. It lives as long as the project, since a
 * container that has it mounted may be started again after a new login, or after the machine was; what is in it is no
 * secret, and only this user can get there.
 */
export function agentSocketFolder({ vaultFolder }: Pick<Project, "vaultFolder">): string {
  return join(projectState(vaultFolder), "ssh");
}
