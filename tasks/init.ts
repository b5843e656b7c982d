#!/usr/bin/env node
import { join } from "node:path";
import { makeFolder, writeNew } from "../lib/host/files.js";
import { configText, ignoreText } from "../lib/project/defaults.js";
import { ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import type { StepContext } from "../lib/run/step.js";

/** Writes what is missing of .tazpod/, .tazpod/vault/, .tazpod/config.yaml and .tazpod/.gitignore; never overwrites. */
export async function run({ project, report }: StepContext): Promise<Result<void>> {
  const folder = join(project.root, ".tazpod");
  for (const made of [await makeFolder(folder, 0o755), await makeFolder(project.vaultFolder, 0o700)])
    if (!made.ok) return made;
  // the config comes last: it is what makes this a project
  const files: [string, string][] = [
    [join(folder, ".gitignore"), ignoreText],
    [project.configFile, configText(project.root)],
  ];
  for (const [path, text] of files) {
    const written = await writeNew(path, text, 0o644);
    if (written.ok) report(`wrote ${path}`);
    else if (written.failure.kind !== "file" || written.failure.code !== "EEXIST") return written;
  }
  return ok(undefined);
}

alone(import.meta.url);
