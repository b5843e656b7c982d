import { join } from "node:path";
import { invalid, type SourceFile } from "../document/document.js";
import type { Problem } from "../failure/failure.js";
import { ok, type Result } from "../failure/result.js";
import { readCheck } from "./check.js";
import { readFact, readGoal, readTask } from "./read-entries.js";
import { checkEntries } from "./check-entries.js";
import { recordOf } from "./fields.js";
import { readLayers } from "./read-layers.js";
import { type MergedRecipe, mergeLayers } from "./merge-layers.js";
import { checkOrder } from "./check-order.js";
import { assignProviders } from "./providers.js";
import { checkReferences } from "./check-references.js";
import { checkScripts } from "./check-scripts.js";
import { checkTemplates } from "./check-templates.js";
import type { Fact, Recipe } from "./recipe.js";

/** What a project's own recipe and the one that is never committed are called. */
const projectRecipe = "tazpod.tasks.yaml";
const localRecipe = "tazpod.tasks.local.yaml";

export interface RecipeSources {
  readonly builtin: SourceFile;
  /** The project's folder, absolute; without it only the built-in recipe is read. */
  readonly root?: string;
  /** The text of a file, or undefined where there is none. */
  readonly read: (path: string) => Promise<Result<string | undefined>>;
  /** How messages name a path; as it is unless given. */
  readonly show?: (path: string) => string;
  /** Names that tazpod gives `{{name}}` a value for. */
  readonly knownVars: readonly string[];
  /** The scripts that come with tazpod, by name. */
  readonly builtinScripts: readonly string[];
}

/**
 * Reads the built-in recipe, the project's and the local one with what they extend, merges and checks them.
 * Fails with `invalid-document` (every problem found), or as `read` does.
 */
export async function loadRecipe(sources: RecipeSources): Promise<Result<Recipe>> {
  const { builtin, root, read, show = (path) => path } = sources;
  const files = root === undefined ? [] : [join(root, projectRecipe), join(root, localRecipe)];
  const layered = await readLayers({ builtin, files, read, show });
  if (!layered.ok) return layered;
  if (layered.value.problems.length > 0) return invalid(layered.value.problems);

  const { merged, problems: merging } = mergeLayers(layered.value.layers);
  const checked = checkReferences(merged);
  const tasks = new Map([...merged.tasks].map(([name, tree]) => [name, readTask(name, tree)]));
  const { facts, problems: providing } = assignProviders(merged, readFacts(merged), tasks);
  const problems = [
    ...merging,
    ...checked,
    ...checkEntries(merged, facts, tasks),
    ...providing,
    ...checkOrder(merged, facts, tasks),
    ...checkTemplates(merged, sources.knownVars),
    ...(await checkScripts(merged, { builtin: sources.builtinScripts, read, show })),
  ];
  const names = layered.value.layers.map(({ document }) => document.path);
  if (problems.length > 0) return invalid(inOrder(problems, names));
  const goals = new Map([...merged.goals].map(([name, tree]) => [name, readGoal(name, tree)]));
  return ok({
    facts,
    tasks,
    goals,
    vars: recordOf(merged.vars),
    files: layered.value.layers.map(({ file }) => file),
  });
}

/** The facts as written; one without a check is left out, and reported with the others. */
function readFacts(merged: MergedRecipe): ReadonlyMap<string, Fact> {
  return new Map(
    [...merged.facts].flatMap(([name, tree]): [string, Fact][] => {
      const check = tree.entries.get("check");
      return check === undefined ? [] : [[name, readFact(name, tree, readCheck(check))]];
    }),
  );
}

/** By file as they were read, then by line. */
function inOrder(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const rank = ({ at }: Problem): readonly number[] => [
    files.indexOf(at?.file ?? ""),
    at?.line ?? 0,
    at?.column ?? 0,
  ];
  return problems.toSorted((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    return (
      left.map((value, index) => value - (right[index] ?? 0)).find((difference) => difference !== 0) ?? 0
    );
  });
}
