import { join } from "node:path";
import { readText } from "../host/files.js";
import { ok, type Result } from "../result.js";
import { completeConfig } from "./config.js";
import { buildTag, loadBuild } from "./build.js";
import { findRoot } from "./find.js";
import { shown } from "./shown.js";
import type { Config, Project } from "./types.js";

/** Finds the project and reads its config. Failures: `file`, `invalid-document`. Reads only. */
export async function loadProject(from: string): Promise<Result<Project>> {
  const found = await findRoot(from);
  if (!found.ok) return found;
  const { root, initialised } = found.value;
  const configFile = join(root, ".tazpod", "config.yaml");
  const config = initialised ? await readConfig(configFile, root) : ok(completeConfig({}, root));
  if (!config.ok) return config;
  const vaultFolder = join(root, ".tazpod", "vault");
  const vaultFile = join(vaultFolder, "vault.tar.aes");
  const project = { root, initialised, configFile, vaultFolder, vaultFile, config: config.value };
  const settings = config.value.build;
  if (settings === undefined) return ok(project);
  // one that cannot be read does not fail here, so that an open vault can still be saved; making a container reports it
  const build = await loadBuild(root, settings);
  const image = await buildTag(config.value.containerName, root, build);
  return ok({ ...project, config: { ...config.value, image }, build });
}

async function readConfig(path: string, root: string): Promise<Result<Config>> {
  const text = await readText(path);
  if (!text.ok) return text;
  // an empty config is a project with every default; without it the parser would ask for a map
  if ((text.value ?? "").replace(/^\s*(#.*)?$/gm, "") === "") return ok(completeConfig({}, root));
  const [{ parseDocument }, { configSchema }, { invalid }, { configProblems }] = await Promise.all([
    import("../document/parse.js"),
    import("../document/config-schema.js"),
    import("../document/document.js"),
    import("./check-config.js"),
  ]);
  const parsed = parseDocument({ path: shown(path), text: text.value ?? "" }, configSchema);
  if (!parsed.ok) return parsed;
  const problems = configProblems(parsed.value);
  return problems.length === 0 ? ok(completeConfig(parsed.value.value, root)) : invalid(problems);
}
