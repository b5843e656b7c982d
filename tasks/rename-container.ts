#!/usr/bin/env node
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { foreignContainer } from "../lib/engine/container.js";
import { explain } from "../lib/failure/explain.js";
import { ok, type Result } from "../lib/failure/result.js";
import { readText, writeAtomic } from "../lib/host/files.js";
import { displayPath } from "../lib/host/paths.js";
import { localConfigName } from "../lib/project/find-project.js";
import { loadProject } from "../lib/project/load-project.js";
import type { Project } from "../lib/project/project.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { trustAnswers } from "../lib/trust/ensure-trusted.js";
import { trustedSettings } from "../lib/trust/trusted-content.js";
import { sameItems } from "../lib/trust/trusted-projects.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/session/step.js";

/** Gives the container another name in this checkout, in the local settings, which git ignores. */
export async function run({ project, session, terminal }: StepContext): Promise<Result<void>> {
  const file = join(project.root, ".tazpod", localConfigName);
  const text = await readText(file);
  if (!text.ok) return text;
  const document = parseDocument(text.value ?? "");
  document.set("container_name", nameHere(project));
  const written = await writeAtomic(file, document.toString());
  if (!written.ok) return written;
  session.settingsChanged = true;
  const trusted = await keepTrust(project);
  if (!trusted.ok) return trusted;
  terminal.print(`✔ Container name in this checkout: ${nameHere(project)}, in ${displayPath(file)}`);
  return ok(undefined);
}

/** Trusts the new name, which is the user's answer, unless another setting has changed as well. */
async function keepTrust(before: Project): Promise<Result<void>> {
  const after = await loadProject(before.root);
  if (!after.ok) return after;
  const [old, now] = [await trustedSettings(before), await trustedSettings(after.value)].map((settings) =>
    settings.filter(({ name }) => name !== "container_name"),
  );
  return sameItems(old ?? [], now ?? []) ? trustAnswers(after.value) : ok(undefined);
}

/** Returns the configured name with four digits of a hash of this folder. */
function nameHere({ root, config }: Project): string {
  return `${config.containerName.slice(0, 50)}-${createHash("sha256").update(root).digest("hex").slice(0, 4)}`;
}

const containerName: StepCheck = async (context) => {
  const { project } = context;
  const { containerName: name } = project.config;
  const state = await context.container();
  // the step that needs a container reports it
  if (!state.ok || state.value.state === "absent" || state.value.owner === undefined)
    return holds("no other project is known to use it");
  const { name: engine } = await context.engine();
  const refusal = foreignContainer(state.value, { name, project: project.root }, engine);
  if (refusal === undefined) return holds(`${name} is this project's`);
  const { message, hint } = explain(refusal);
  return fails(`${message} Here it could be ${nameHere(project)}`, hint);
};

export const checks = { "container-name": containerName };

runWhenMain(import.meta.url);
