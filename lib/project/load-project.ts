import { join } from "node:path";
import { findSpecialEntry, pathExists } from "../host/project-file.js";
import { fail, ok, type Result } from "../failure/result.js";
import { completeConfig } from "./config.js";
import { buildTag, loadBuild } from "./image-build.js";
import { ProjectFiles } from "./project-files.js";
import { findRoot, localConfigName, misnamedFile } from "./find-project.js";
import type { Project } from "./project.js";
import { readSettings } from "./read-settings.js";

/** Finds the project and reads its config; changes nothing. Failures: `file`, `invalid-document`. */
export async function loadProject(from: string): Promise<Result<Project>> {
  const found = await findRoot(from);
  if (!found.ok) return found;
  const { root, initialised } = found.value;
  const files = new ProjectFiles(root);
  const configFile = join(root, ".tazpod", "config.yaml");
  const localFile = join(root, ".tazpod", localConfigName);
  const misnamed = localFile.replace(/yaml$/, "yml");
  if (initialised && (await pathExists(misnamed))) return fail(misnamedFile(misnamed, localConfigName));
  const settings = initialised
    ? await readSettings(configFile, localFile, files)
    : ok({ written: {}, hasLocal: false });
  if (!settings.ok) return settings;
  const { written, hasLocal } = settings.value;
  const config = completeConfig(written, root);
  const vaultFolder = join(root, ".tazpod", "vault");
  const vaultFile = join(vaultFolder, "vault.tar.aes");
  const plain = await checkVaultFolder(root);
  if (!plain.ok) return plain;
  const project = {
    ...{ root, initialised, configFile, vaultFolder, vaultFile, config, files },
    ...{ written, localFile: hasLocal ? localFile : undefined },
  };
  if (config.build === undefined) return ok(project);
  // an unreadable Dockerfile is reported when a container is made; until then an open vault can still be saved
  const build = await loadBuild(files, config.build);
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
