import { join } from "node:path";
import { invalidDocument, type SourceFile } from "../document/document.js";
import type { KeptValues } from "../document/precompiled.js";
import type { Problem } from "../failure/failure.js";
import { ok, type Result } from "../failure/result.js";
import { readCheck } from "./read-check.js";
import { readFact, readGoal, readTask } from "./read-entries.js";
import { checkEntries } from "./check-entries.js";
import { readHooks } from "./hooks.js";
import { withContainer } from "./in-container.js";
import { readVariables } from "./read-variables.js";
import { readLayers, recipeName } from "./read-layers.js";
import { type MergedRecipe, mergeLayers } from "./merge-layers.js";
import { checkOrder } from "./check-order.js";
import { checkOutputs } from "./outputs.js";
import { assignProviders } from "./providers.js";
import { checkReferences } from "./check-references.js";
import { checkScripts } from "./check-scripts.js";
import { checkValues } from "./check-values.js";
import { checkTemplates } from "./check-templates.js";
import type { Fact, Recipe } from "./recipe.js";

/** The file name of the local recipe, which is never committed. */
const localRecipe = "tazpod.tasks.local.yaml";

/** Where a recipe comes from. */
export interface RecipeSources {
  readonly builtin: SourceFile;
  /** The project's folder, absolute; without it only the built-in recipe is read. */
  readonly root?: string;
  /** Returns the text of a file; undefined if it does not exist. */
  readonly read: (path: string) => Promise<Result<string | undefined>>;
  /** Formats a path for messages; by default unchanged. */
  readonly show?: (path: string) => string;
  /** Names of `{{name}}` placeholders that tazpod sets. */
  readonly knownVars: readonly string[];
  /** The files that earlier runs parsed. */
  readonly kept?: KeptValues | undefined;
  /** Names of the scripts that come with tazpod. */
  readonly builtinScripts: readonly string[];
}

/**
 * Reads the built-in recipe, the project's and the local one, with the files they extend, then merges and checks them.
 * Failures: `invalid-document`, with every problem found, and those of `read`.
 */
export async function loadRecipe(sources: RecipeSources): Promise<Result<Recipe>> {
  const { builtin, root, read, show = (path) => path, kept } = sources;
  const files = root === undefined ? [] : [join(root, recipeName), join(root, localRecipe)];
  const layered = await readLayers({ builtin, root, files, read, show, kept });
  if (!layered.ok) return layered;
  if (layered.value.problems.length > 0) return invalidDocument(layered.value.problems);

  const { merged, problems: merging } = mergeLayers(layered.value.layers);
  const checked = checkReferences(merged);
  const tasks = new Map(
    [...merged.tasks].map(([name, tree]) => [name, withContainer(readTask(name, tree), merged)]),
  );
  const { facts, problems: providing } = assignProviders(merged, readFacts(merged), tasks);
  const problems = [
    ...merging,
    ...checked,
    ...checkEntries(merged, facts, tasks),
    ...providing,
    ...checkOrder(merged, facts, tasks),
    ...checkValues(merged, facts, tasks),
    ...checkTemplates(merged, tasks, sources.knownVars),
    ...checkOutputs(merged, tasks),
    ...(await checkScripts(merged, { builtin: sources.builtinScripts, read, show })),
  ];
  const names = layered.value.layers.map(({ document }) => document.path);
  if (problems.length > 0) return invalidDocument(inOrder(problems, names));
  const goals = new Map([...merged.goals].map(([name, tree]) => [name, readGoal(name, tree)]));
  return ok({
    facts,
    tasks,
    goals,
    vars: readVariables(merged.vars),
    hooks: readHooks(merged),
    files: layered.value.layers.map(({ file }) => file),
  });
}

/** Reads the facts. One without a check is left out; `checkEntries` reports it. */
function readFacts(merged: MergedRecipe): ReadonlyMap<string, Fact> {
  return new Map(
    [...merged.facts].flatMap(([name, tree]): [string, Fact][] => {
      const check = tree.entries.get("check");
      return check === undefined ? [] : [[name, readFact(name, tree, readCheck(check))]];
    }),
  );
}

/** Sorts problems by file in reading order, then by line. */
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
