import { readText, stat } from "../host/files.js";
import { noteColumns } from "../host/screen.js";
import { openTerminal } from "../host/terminal.js";
import { packagePath, packageText } from "../host/installation.js";
import { loadProject } from "../project/load.js";
import { startFolder } from "../project/find.js";
import { shown } from "../project/shown.js";
import { loadRecipe } from "../recipe/load.js";
import { ok, type Result } from "../result.js";
import { ensureTrusted } from "../trust/ensure.js";
import { engineChoice } from "./engine-choice.js";
import { Facts } from "./facts.js";
import { Interrupts } from "./interrupts.js";
import type { Setting } from "./setting.js";
import { listProgress, plainProgress } from "./progress.js";
import { builtinScripts } from "./scripts.js";
import { builtinVars, World } from "./world.js";
import type { RunOptions } from "./options.js";

/**
 * Finds the project, reads its config and recipe, makes sure that they are trusted, and sets up a run. Nothing has been run
 * or checked yet. `unasked` is for what runs nothing of the project's own: whether it is trusted does not matter there.
 */
export async function open(
  from: string | undefined,
  options: RunOptions,
  { unasked = false }: { readonly unasked?: boolean } = {},
): Promise<Result<Setting>> {
  const start = startFolder(from);
  if (!start.ok) return start;
  const project = await loadProject(start.value);
  if (!project.ok) return project;
  const choice = engineChoice(project.value.config.engine, process.env);
  if (!choice.ok) return choice;
  const name = "tazpod.tasks.yaml";
  const recipe = await loadRecipe({
    builtin: { path: packagePath(name), text: await packageText(name) },
    root: project.value.root,
    read: readText,
    show: shown,
    exists: async (path) => {
      const found = await stat(path);
      return found.ok && found.value?.kind === "file";
    },
    knownVars: builtinVars,
    builtinScripts,
  });
  if (!recipe.ok) return recipe;
  const terminal = openTerminal();
  const world = new World(project.value, terminal, options);
  if (!unasked) {
    const trusted = await ensureTrusted(project.value, recipe.value, terminal);
    if (!trusted.ok) return trusted;
  }
  const interrupts = new Interrupts(terminal);
  const facts = new Facts(
    recipe.value,
    (signal) => world.context(recipe.value, undefined, signal, () => undefined),
    () => interrupts.signal,
  );
  // a list that is drawn anew needs room to be drawn in
  const roomy = noteColumns() >= 40;
  const progress = roomy ? listProgress(terminal) : plainProgress(terminal);
  if (options.verbose)
    for (const note of project.value.config.notes) terminal.say(`${project.value.configFile}: ${note}`);
  return ok({ recipe: recipe.value, world, facts, interrupts, progress });
}
