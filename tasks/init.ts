#!/usr/bin/env node
import { join } from "node:path";
import { makeFolder, stat, writeAtomic, writeNew } from "../lib/host/files.js";
import { ignoreText, rootIgnoreLine } from "../lib/project/defaults.js";
import { loadProject } from "../lib/project/load-project.js";
import { readProjectFile } from "../lib/host/project-file.js";
import { displayPath } from "../lib/host/paths.js";
import type { Project } from "../lib/project/project.js";
import { ok, type Result } from "../lib/failure/result.js";
import { otherSchemas, schemaFiles } from "../lib/session/schema-files.js";
import { runWhenMain } from "../lib/session/step-program.js";
import type { StepContext } from "../lib/session/step.js";
import { trustAnswers } from "../lib/trust/ensure-trusted.js";

/**
 * Makes a folder a project: asks for the settings, then writes the missing files of .tazpod/. Nothing is written before
 * the last answer, and existing files are never overwritten, except the schemas, which belong to tazpod.
 */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, terminal } = context;
  if (project.initialised) {
    const written = await writeMissing(project, {});
    if (!written.ok) return written;
    terminal.print(`This folder is already a project: ${displayPath(project.configFile)}`);
    for (const path of written.value) terminal.print(`Wrote ${displayPath(path)}, which was missing.`);
    const renewed = await renewSchemas(project.root);
    if (!renewed.ok) return renewed;
    for (const path of renewed.value)
      terminal.print(`Wrote ${displayPath(path)}, which was of another version of tazpod.`);
    const ignored = await ignoreLocalRecipe(project.root);
    if (!ignored.ok) return ignored;
    if (ignored.value) terminal.print(`Added ${rootIgnoreLine} to .gitignore.`);
    return ok(undefined);
  }
  // loaded only by runs that create a project
  const [{ initAnswers }, { newConfigText }] = await Promise.all([
    import("../lib/session/init-questions.js"),
    import("../lib/project/new-config.js"),
  ]);
  const answers = await initAnswers(context);
  if (!answers.ok) return answers;
  const config = newConfigText(project.root, answers.value);
  if (!config.ok) return config;
  const written = await writeMissing(project, { [project.configFile]: config.value });
  if (!written.ok) return written;
  const ignored = await ignoreLocalRecipe(project.root);
  if (!ignored.ok) return ignored;
  terminal.print(`✔ Project ready: ${displayPath(project.configFile)}`);
  const made = await loadProject(project.root);
  if (!made.ok) return made;
  // what a local file overrides is no answer: that is asked. If the answers cannot be recorded, the next run asks, too.
  if (made.value.localFile === undefined) await trustAnswers(made.value);
  return ok(undefined);
}

/** Returns the files that were written. The config is written last: it makes the folder a project. */
async function writeMissing(
  { root, vaultFolder }: Project,
  config: Readonly<Record<string, string>>,
): Promise<Result<readonly string[]>> {
  const folder = join(root, ".tazpod");
  for (const made of [await makeFolder(folder, 0o755), await makeFolder(vaultFolder, 0o700)])
    if (!made.ok) return made;
  const files = { [join(folder, ".gitignore")]: ignoreText, ...(await schemaFiles(root)), ...config };
  const done: string[] = [];
  for (const [path, content] of Object.entries(files)) {
    const written = await writeNew(path, content, 0o644);
    if (written.ok) done.push(path);
    else if (written.failure.kind !== "file" || written.failure.code !== "EEXIST") return written;
  }
  return ok(done);
}

/** Writes this tazpod's schemas over those of another version. Returns their paths. */
async function renewSchemas(root: string): Promise<Result<readonly string[]>> {
  const [files, others] = [await schemaFiles(root), await otherSchemas(root)];
  for (const path of others) {
    const written = await writeAtomic(path, files[path] ?? "", 0o644);
    if (!written.ok) return written;
  }
  return ok(others);
}

/** Adds the local recipe to the project's .gitignore; returns whether it was missing there. */
async function ignoreLocalRecipe(root: string): Promise<Result<boolean>> {
  const path = join(root, ".gitignore");
  const found = await readProjectFile(root, path);
  // a link or the like is left to the user
  if (!found.ok) return ok(false);
  const text = found.value?.toString() ?? "";
  if (text.split(/\r?\n/).some((line) => line.replace(/^\//, "") === rootIgnoreLine.slice(1)))
    return ok(false);
  const added = `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${rootIgnoreLine}\n`;
  const mode = await stat(path);
  const written = await writeAtomic(path, added, (mode.ok && mode.value?.mode) || 0o644);
  return written.ok ? ok(true) : written;
}

runWhenMain(import.meta.url);
