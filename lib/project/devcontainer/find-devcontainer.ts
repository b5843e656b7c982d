import { basename } from "node:path";
import type { Failure } from "../../failure/failure.js";
import { readProjectFile } from "../../host/project-file.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { resolveInProject } from "../project-files.js";
import { type DevcontainerOffer, readDevcontainer } from "./read-devcontainer.js";

/** In the order in which they are tried. */
const devcontainers = [".devcontainer/devcontainer.json", ".devcontainer.json"];

const dockerfiles = [".devcontainer/Dockerfile", "Dockerfile"];

/** Reads the project's devcontainer.json; undefined if there is none. Failures: `invalid-document`, `file`. */
export async function findDevcontainer(root: string): Promise<Result<DevcontainerOffer | undefined>> {
  for (const file of devcontainers) {
    const found = await resolveInProject(root, file, "file");
    if (!found.ok && found.absent) continue;
    if (!found.ok) return fail(unreadable(file, found.why));
    const bytes = await readProjectFile(root, found.path);
    if (!bytes.ok) return bytes;
    return readDevcontainer({ path: file, text: String(bytes.value ?? "") }, file, basename(root));
  }
  return ok(undefined);
}

/** Finds a readable Dockerfile in a project without a devcontainer.json. */
export async function findDockerfile(root: string): Promise<DevcontainerOffer | undefined> {
  for (const file of dockerfiles) {
    const found = await resolveInProject(root, file, "file");
    if (found.ok) return { file, settings: { build: file }, notRead: [] };
  }
  return undefined;
}

function unreadable(path: string, detail: string): Failure {
  return { kind: "file", action: "read", path, code: "EINVAL", detail };
}
