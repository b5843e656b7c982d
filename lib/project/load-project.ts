import { join } from "node:path";
import { findSpecialEntry } from "../host/project-file.js";
import { fail, ok, type Result } from "../failure/result.js";
import { completeConfig } from "./config.js";
import type { ConfigFile } from "../generated/config.js";
import { buildTag, loadBuild } from "./image-build.js";
import { ProjectFiles } from "./project-files.js";
import { findRoot } from "./find-project.js";
import { displayPath } from "../host/paths.js";
import type { Project } from "./project.js";

/** Finds the project and reads its config; changes nothing. Failures: `file`, `invalid-document`. */
export async function loadProject(from: string): Promise<Result<Project>> {
  const found = await findRoot(from);
  if (!found.ok) return found;
  const { root, initialised } = found.value;
  const files = new ProjectFiles(root);
  const configFile = join(root, ".tazpod", "config.yaml");
  const written = initialised ? await readConfig(configFile, files) : ok({});
  if (!written.ok) return written;
  const config = completeConfig(written.value, root);
  const vaultFolder = join(root, ".tazpod", "vault");
  const vaultFile = join(vaultFolder, "vault.tar.aes");
  const plain = await checkVaultFolder(root);
  if (!plain.ok) return plain;
  const project = {
    ...{ root, initialised, configFile, vaultFolder, vaultFile, config, files },
    written: written.value,
  };
  const settings = config.build;
  if (settings === undefined) return ok(project);
  // an unreadable Dockerfile is reported when a container is made; until then an open vault can still be saved
  const build = await loadBuild(files, settings);
  const image = await buildTag(config.containerName, root, build);
  return ok({ ...project, config: { ...config, image }, build });
}

/**
 * Rejects links, devices and pipes in the vault's folder of a clone, which could make tazpod read or remove other
 * files. Failure: `file`.
 */
async function checkVaultFolder(root: string): Promise<Result<void>> {
  const special = await findSpecialEntry(root, ".tazpod/vault");
  if (special === undefined) return ok(undefined);
  const detail = `it is ${special.what}, but only regular files and folders are allowed there; remove it`;
  return fail({ kind: "file", action: "use", path: special.path, code: "EINVAL", detail });
}

async function readConfig(path: string, files: ProjectFiles): Promise<Result<ConfigFile>> {
  const text = await files.text(path);
  if (!text.ok) return text;
  if (text.value === undefined)
    return fail({ kind: "file", action: "read", path, code: "ENOENT", detail: "it has just been removed" });
  // an empty config means all defaults, but the parser requires a map
  if (text.value.replace(/^\s*(#.*)?$/gm, "") === "") return ok({});
  const [{ parseDocument }, { invalidDocument }, { configProblems, configSchema }] = await Promise.all([
    import("../document/parse-yaml.js"),
    import("../document/document.js"),
    import("./check-config.js"),
  ]);
  const parsed = parseDocument({ path: displayPath(path), text: text.value }, configSchema);
  if (!parsed.ok) return parsed;
  const problems = configProblems(parsed.value);
  return problems.length === 0 ? ok(parsed.value.value) : invalidDocument(problems);
}
