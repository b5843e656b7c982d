import { join } from "node:path";
import { keptValues } from "../host/kept-values.js";
import { listNames } from "../host/human.js";
import { pathExists } from "../host/project-file.js";
import { noteColumns } from "../host/screen.js";
import { openTerminal, type Terminal } from "../host/terminal.js";
import { packagePath, packageText } from "../host/installation.js";
import { loadProject } from "../project/load-project.js";
import { startFolder, misnamedFile } from "../project/find-project.js";
import { migrateState } from "../project/migrate-state.js";
import { displayPath } from "../host/paths.js";
import { render } from "../recipe/render.js";
import { loadRecipe, type RecipeSources } from "../recipe/load-recipe.js";
import type { Recipe } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Project } from "../project/project.js";
import { restrictPath } from "../trust/trusted-code.js";
import { configuredEngine } from "../engine/choose-engine.js";
import { Facts } from "../run/facts.js";
import { Interrupts } from "../run/interrupts.js";
import type { Run } from "../run/run-context.js";
import { listProgress, noProgress, plainProgress } from "../run/progress.js";
import { builtinScripts } from "../run/scripts.js";
import { insideVariable } from "../engine/container-paths.js";
import { builtinVars, Services } from "./services.js";
import type { RunOptions } from "../run/run-options.js";

/** A run whose steps work with a project. */
export type ProjectRun = Run<Services>;

export interface OpenOptions {
  /** For commands that run no code of the project. */
  readonly skipTrustCheck?: boolean;
  /** For the library: signals are left to the program that uses it. */
  readonly leavesSignals?: boolean;
}

/**
 * Opens the project at `from` (default: the current folder or above), handles signals while `work` runs unless `how`
 * leaves them, and always ends the session. Failures: those of opening, and of `work`.
 */
export async function withProject<T>(
  from: string | undefined,
  options: RunOptions,
  work: (run: ProjectRun) => Promise<Result<T>>,
  how: OpenOptions = {},
): Promise<Result<T>> {
  const opened = await openProject(from, options, how);
  if (!opened.ok) return opened;
  const { services, interrupts } = opened.value;
  try {
    return await work(opened.value);
  } finally {
    interrupts.unwatch();
    await services.session.vault.leave();
    services.session.end();
  }
}

/** Reads the recipe of a project; without one, the built-in recipe. Failures: those of `loadRecipe`. */
export async function recipeOf(project?: Pick<RecipeSources, "root" | "read">): Promise<Result<Recipe>> {
  const name = "tazpod.tasks.yaml";
  return loadRecipe({
    builtin: { path: packagePath(name), text: await packageText(name) },
    read: () => Promise.resolve(ok(undefined)),
    ...project,
    show: displayPath,
    knownVars: builtinVars,
    builtinScripts,
    kept: keptValues,
  });
}

/** Asks whether to use state that lies in the project's folder; `--yes` is no answer. */
async function offerState(names: readonly string[], terminal: Terminal): Promise<Result<boolean>> {
  const what = `.tazpod/vault has the state of an earlier tazpod (${listNames(names, 3)}).`;
  if (terminal.interactive)
    return terminal.confirm(
      `${what} Take it over? Say yes only if that tazpod ran on this host: state that came with a clone can make an old copy of the vault count as the newest.`,
      false,
    );
  terminal.warn(`${what} It is not used: that takes a yes on a terminal.`);
  return ok(false);
}

/** Asks whether the project is trusted, and takes over the state of an earlier tazpod. */
async function checkTrust(project: Project, recipe: Recipe, services: Services): Promise<Result<void>> {
  const trusted = await services.trust(recipe);
  if (!trusted.ok) return trusted;
  return project.initialised
    ? migrateState(project.vaultFolder, (names) => offerState(names, services.terminal))
    : ok(undefined);
}

/** Finds the project, reads its settings and recipe, and checks that the user trusts them. Runs no check and no step. */
async function openProject(
  from: string | undefined,
  options: RunOptions,
  { skipTrustCheck = false, leavesSignals = false }: OpenOptions,
): Promise<Result<ProjectRun>> {
  const start = startFolder(from);
  if (!start.ok) return start;
  const project = await loadProject(start.value);
  if (!project.ok) return project;
  if (process.env[insideVariable] === project.value.root)
    return fail({ kind: "inside-container", project: project.value.root });
  const choice = configuredEngine(project.value.config.engine, process.env);
  if (!choice.ok) return choice;
  const { root, files } = project.value;
  restrictPath(project.value);
  for (const misnamed of ["tazpod.tasks.yml", "tazpod.tasks.local.yml"])
    if (await pathExists(join(root, misnamed)))
      return fail(misnamedFile(join(root, misnamed), misnamed.replace(/yml$/, "yaml")));
  const recipe = await recipeOf({ root, read: (path) => files.text(path) });
  if (!recipe.ok) return recipe;
  const terminal = openTerminal(options.quiet, !leavesSignals);
  // at once, since the terminal takes the first SIGTERM for one that is handled here
  const interrupts = new Interrupts(terminal);
  if (!leavesSignals) interrupts.watch();
  const services = new Services(project.value, terminal, options);
  const allowed = skipTrustCheck ? ok(undefined) : await checkTrust(project.value, recipe.value, services);
  if (!allowed.ok) {
    interrupts.unwatch();
    return allowed;
  }
  // a redrawn list needs some width
  const shown = noteColumns() >= 40 ? listProgress(terminal) : plainProgress(terminal);
  const progress = options.quiet ? noProgress : shown;
  const facts = new Facts(
    recipe.value,
    (signal) => services.context(recipe.value, undefined, signal),
    () => interrupts.signal,
    ({ name, desc }, check) =>
      progress.during(
        `Checking: ${desc === undefined ? name : render(desc, services.vars(recipe.value))}`,
        check,
      ),
  );
  if (options.verbose)
    for (const note of project.value.config.notes)
      terminal.print(`${project.value.localFile ?? project.value.configFile}: ${note}`);
  return ok({ recipe: recipe.value, services, facts, interrupts, progress });
}
