import type { KeptValues } from "../document/precompiled.js";
import { dirname, resolve } from "node:path";
import type { Document, SourceFile } from "../document/document.js";
import type { Failure, Problem } from "../failure/failure.js";
import type { Extension, TasksDocument } from "../generated/tasks.js";
import { ok, type Result } from "../failure/result.js";
import { parseBuiltin, parseRecipe } from "./parse-recipe.js";
import type { Layer } from "./recipe-tree.js";

/** Where layers come from. */
export interface LayerSources {
  readonly builtin: SourceFile;
  /** The project's folder, absolute; its `node_modules` has the packages. */
  readonly root?: string | undefined;
  /** Absolute paths of the project's files, lowest priority first; missing files are skipped. */
  readonly files: readonly string[];
  /** Returns the text of a file; undefined if it does not exist. */
  readonly read: (path: string) => Promise<Result<string | undefined>>;
  /** Formats a path for messages. */
  readonly show: (path: string) => string;
  /** The files that earlier runs parsed. */
  readonly kept?: KeptValues | undefined;
}

/** The name of a recipe: of a project, and of an npm package. */
export const recipeName = "tazpod.tasks.yaml";

/** Limits of one recipe: number of files, and UTF-16 units in them. */
const maxFiles = 64;
const maxText = 4 * 1024 * 1024;

/**
 * Reads the built-in recipe and the project's files, each after the files it extends. A file that is extended twice
 * counts once, at its first place. Collects the problems of all files; a file that cannot be read is a problem where it
 * is named. Failures: those of `read`, for the project's own files.
 */
export async function readLayers(
  sources: LayerSources,
): Promise<Result<{ readonly layers: readonly Layer[]; readonly problems: readonly Problem[] }>> {
  const layers: Layer[] = [];
  const problems: Problem[] = [];
  const done = new Set<string>();
  let units = 0;

  const builtin = await parseBuiltin(sources.builtin);
  if (builtin.ok)
    layers.push({ file: sources.builtin.path, document: builtin.value, builtin: true, prefix: "" });
  else problems.push(...problemsOf(builtin.failure));

  const add = async (file: string, text: string, line: readonly string[], prefix: string): Promise<void> => {
    done.add(`${prefix} ${file}`);
    units += text.length;
    const parsed = await parseRecipe({ path: sources.show(file), text }, sources.kept);
    if (!parsed.ok) {
      problems.push(...problemsOf(parsed.failure));
      return;
    }
    const document: Document<TasksDocument> = parsed.value;
    for (const [index, entry] of (document.value.extends ?? []).entries()) {
      const target = targetOf(entry, file, sources.root);
      const inner = typeof entry === "string" || entry.as === undefined ? prefix : `${prefix}${entry.as}:`;
      if (target === undefined) {
        problems.push(
          document.problem(["extends", index], "expected either `recipe` or `package`, and not both"),
        );
        continue;
      }
      const place = ["extends", index];
      if ([...line, file].includes(target)) {
        const round = [...line.slice(line.indexOf(target)), file, target];
        problems.push(
          document.problem(
            place,
            `a cycle: ${(line.includes(target) ? round : [file, target]).map(sources.show).join(" → ")}`,
          ),
        );
        continue;
      }
      if (done.has(`${inner} ${target}`)) continue;
      if (done.size >= maxFiles || units > maxText) {
        const limits = `${maxFiles} files and ${maxText / 1024 / 1024} MiB`;
        problems.push(document.problem(place, `this recipe is too large: the limits are ${limits}`));
        return;
      }
      const extended = await sources.read(target);
      if (!extended.ok) {
        problems.push(document.problem(place, unreadableMessage(extended.failure, sources.show(target))));
        continue;
      }
      if (extended.value === undefined) {
        problems.push(
          document.problem(place, `there is no file ${sources.show(target)}`, {
            hint:
              typeof entry === "string" || entry.package === undefined
                ? "paths in `extends` are relative to the file that names them"
                : `install the package: npm install ${entry.package}`,
          }),
        );
        continue;
      }
      await add(target, extended.value, [...line, file], inner);
    }
    layers.push({ file, document, builtin: false, prefix });
  };

  for (const file of sources.files) {
    if (done.has(` ${file}`)) continue;
    const text = await sources.read(file);
    if (!text.ok) return text;
    if (text.value === undefined) continue;
    await add(file, text.value, [], "");
  }
  return ok({ layers, problems });
}

/** Returns the file that an entry of `extends` names; undefined if it names none, or two. */
function targetOf(entry: Extension, file: string, root: string | undefined): string | undefined {
  if (typeof entry === "string") return resolve(dirname(file), entry);
  if ((entry.recipe === undefined) === (entry.package === undefined)) return undefined;
  return entry.package === undefined
    ? resolve(dirname(file), entry.recipe ?? "")
    : resolve(root ?? dirname(file), "node_modules", entry.package, recipeName);
}

/** Returns why a file named in a recipe cannot be read. */
export function unreadableMessage(failure: Failure, name: string): string {
  if (failure.kind !== "file") throw new Error(`a file failed with ${failure.kind}`);
  return `${name} cannot be read: ${failure.detail ?? failure.code}`;
}

function problemsOf(failure: Failure): readonly Problem[] {
  if (failure.kind !== "invalid-document") throw new Error(`a document failed with ${failure.kind}`);
  return failure.problems;
}
