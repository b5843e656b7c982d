import { homedir } from "node:os";
import { join } from "node:path";
import type { ContainerSpec } from "../engine/types.js";
import type { Project } from "./types.js";

/** What the project's container is to be made from. */
export function containerSpec({ root, config }: Project): ContainerSpec {
  return {
    name: config.containerName,
    project: root,
    image: config.image,
    user: config.user,
    secretsBytes: config.secretsBytes,
    network: config.network,
    ...(config.ssh === "mount" ? { sshFolder: join(homedir(), ".ssh") } : {}),
  };
}
