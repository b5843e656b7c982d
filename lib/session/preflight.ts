import { homedir } from "node:os";
import { join } from "node:path";
import { makeFolder, stat } from "../host/files.js";
import { isSocket, makeRelayFolder } from "../host/socket-relay.js";
import type { Engine } from "../engine/engine.js";
import { agentSocketFolder, containerSpec } from "../project/container-spec.js";
import type { Project } from "../project/project.js";
import { fail, ok, type Result } from "../failure/result.js";

/** Makes sure that the host has what a container starts with: an engine refuses one whose folder is gone. */
export async function prepareStart(project: Project): Promise<Result<void>> {
  const { ssh } = project.config;
  // it is covered inside, and something to cover has to be there
  const made = await makeFolder(project.vaultFolder);
  if (!made.ok) return made;
  return ssh === "auto" || ssh === "agent" ? makeRelayFolder(agentSocketFolder(project)) : ok(undefined);
}

/** The same for one that is made by this engine. Failures: those of `hostHas`, `withinReach` and `loadBuild`. */
export async function prepareCreate(project: Project, engine: Engine): Promise<Result<void>> {
  const reached = await checkWorkspaceReach(project, engine);
  if (!reached.ok) return reached;
  if (engine.build !== undefined && project.build?.ok === false) return project.build;
  const has = await checkHostResources(project);
  return has.ok ? prepareStart(project) : has;
}

/** Failure: `setting-unusable` where a project is to be mounted on a machine that does not have it. */
async function checkWorkspaceReach(project: Project, engine: Engine): Promise<Result<void>> {
  if (engine.effectiveSpec(containerSpec(project)).workspace === "copy") return ok(undefined);
  const address = await engine.remoteAddress();
  if (address === undefined) return ok(undefined);
  return fail({
    kind: "setting-unusable",
    setting: "workspace: mount",
    detail: `${engine.name} is on another machine (${address}), which does not have this folder`,
    hint: "Set `workspace: copy`: then the project is carried there and back. See docs/engines.md.",
  });
}

/** Only looks. Failure: `setting-unusable` for what the settings demand of a new container and the host does not have. */
export async function checkHostResources(project: Project): Promise<Result<void>> {
  const { ssh, mounts } = project.config;
  if (ssh === "agent" && (await agentSocket()) === undefined)
    return fail({
      kind: "setting-unusable",
      setting: "ssh: agent",
      detail: process.env["SSH_AUTH_SOCK"]
        ? `${process.env["SSH_AUTH_SOCK"]}, which SSH_AUTH_SOCK names, is no socket`
        : "there is no ssh-agent: SSH_AUTH_SOCK is not set",
      hint: 'Start one (`eval "$(ssh-agent)" && ssh-add`), come here with `ssh -A`, or take `ssh: auto`, which does without.',
    });
  for (const { source } of mounts) {
    const there = await requirePath(source, "mounts", "Make it, or correct or remove the mount.");
    if (!there.ok) return there;
  }
  if (ssh !== "mount") return ok(undefined);
  return requirePath(join(homedir(), ".ssh"), "ssh: mount", "Take `ssh: auto`, which does without.");
}

async function requirePath(path: string, setting: string, hint: string): Promise<Result<void>> {
  const found = await stat(path);
  if (!found.ok) return found;
  if (found.value !== undefined) return ok(undefined);
  return fail({ kind: "setting-unusable", setting, detail: `there is no ${path}`, hint });
}

/** The socket of the host's ssh-agent, where there is one. */
export async function agentSocket(): Promise<string | undefined> {
  const path = process.env["SSH_AUTH_SOCK"];
  return path !== undefined && path !== "" && (await isSocket(path)) ? path : undefined;
}
