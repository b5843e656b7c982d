import { join } from "node:path";
import { homeFolder } from "../host/paths.js";
import { makeFolder, stat } from "../host/files.js";
import { isSocket, makeRelayFolder } from "../host/socket-relay.js";
import type { Engine } from "../engine/engine.js";
import { remoteOnly } from "../engine/oci/daemon.js";
import { isRootsOwn } from "../engine/this-host.js";
import { agentSocketFolder, containerSpec } from "../project/container-spec.js";
import type { Project } from "../project/project.js";
import { fail, ok, type Result } from "../failure/result.js";

/** Creates the folders that a container mounts when it starts: engines refuse a missing one. */
export async function prepareStart(project: Project): Promise<Result<void>> {
  const { ssh } = project.config;
  // a tmpfs covers the vault folder inside, so it has to exist
  const made = await makeFolder(project.vaultFolder);
  if (!made.ok) return made;
  return ssh === "auto" || ssh === "agent" ? makeRelayFolder(agentSocketFolder(project)) : ok(undefined);
}

/**
 * Checks the same before this engine creates a container. Failures: those of `checkHostResources`,
 * `checkWorkspaceReach` and `loadBuild`.
 */
export async function prepareCreate(project: Project, engine: Engine): Promise<Result<void>> {
  const reached = await checkWorkspaceReach(project, engine);
  if (!reached.ok) return reached;
  if (engine.build !== undefined && project.build?.ok === false) return project.build;
  const has = await checkHostResources(project);
  return has.ok ? prepareStart(project) : has;
}

/** Failure: `setting-unusable` if the project would be mounted on another machine, which does not have it. */
async function checkWorkspaceReach(project: Project, engine: Engine): Promise<Result<void>> {
  if (engine.effectiveSpec(containerSpec(project)).workspace === "copy") return ok(undefined);
  const address = remoteOnly(await engine.address());
  if (address === undefined) return ok(undefined);
  return fail({
    kind: "setting-unusable",
    setting: "workspace: mount",
    detail: `${engine.name} is on another machine (${address}), which does not have this folder`,
    hint: "Set `workspace: copy` to sync the project with a copy there.",
  });
}

/** Returns a note, and what to do, if root owns the project and the container's user, who is not root, cannot write it. */
export function unwritableNote(
  { root, config }: Project,
  engine: Engine,
): { readonly reason: string; readonly todo: string } | undefined {
  const { user, workspace } = config;
  if (process.platform !== "linux" || !isRootsOwn(root) || engine.matchUser === undefined) return undefined;
  if (workspace === "copy" || /^(?:root|0)(?::|$)/.test(user)) return undefined;
  return {
    reason: `root owns this project, so ${user} cannot write it in the container`,
    todo: "Give it to an ordinary user (`chown -R USER: .`), or set `workspace: copy`.",
  };
}

/** Checks that the host has what the settings require of a new container. Failure: `setting-unusable`. */
export async function checkHostResources(project: Project): Promise<Result<void>> {
  const { ssh, mounts } = project.config;
  if (ssh === "agent" && (await agentSocket()) === undefined)
    return fail({
      kind: "setting-unusable",
      setting: "ssh: agent",
      detail: process.env["SSH_AUTH_SOCK"]
        ? `${process.env["SSH_AUTH_SOCK"]}, which SSH_AUTH_SOCK names, is not a socket`
        : "there is no ssh-agent: SSH_AUTH_SOCK is not set",
      hint: 'Start one (`eval "$(ssh-agent)" && ssh-add`), connect with `ssh -A`, or set `ssh: auto`, which does not require one.',
    });
  for (const { source } of mounts) {
    const there = await requirePath(source, "mounts", "Create it, or correct or remove the mount.");
    if (!there.ok) return there;
  }
  if (ssh !== "mount") return ok(undefined);
  return requirePath(join(homeFolder(), ".ssh"), "ssh: mount", "Set `ssh: auto`, which does not require it.");
}

async function requirePath(path: string, setting: string, hint: string): Promise<Result<void>> {
  const found = await stat(path);
  if (!found.ok) return found;
  if (found.value !== undefined) return ok(undefined);
  return fail({ kind: "setting-unusable", setting, detail: `there is no ${path}`, hint });
}

/** Returns the socket of the host's ssh-agent, if there is one. */
export async function agentSocket(): Promise<string | undefined> {
  const path = process.env["SSH_AUTH_SOCK"];
  return path !== undefined && path !== "" && (await isSocket(path)) ? path : undefined;
}
