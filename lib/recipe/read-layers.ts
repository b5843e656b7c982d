import { dirname, resolve } from "node:path";
import type { Document, SourceFile } from "../document/document.js";
import type { Failure, Problem } from "../failure/failure.js";
import type { TasksDocument } from "../generated/tasks.js";
import { ok, type Result } from "../failure/result.js";
import { parseBuiltin, parseRecipe } from "./parse-recipe.js";
import type { Layer } from "./recipe-tree.js";

/** Where layers come from. */
export interface LayerSources {
  readonly builtin: SourceFile;
  /** Absolute paths of the project's files, lowest priority first; missing files are skipped. */
  readonly files: readonly string[];
  /** Returns the text of a file; undefined if it does not exist. */
  readonly read: (path: string) => Promise<Result<string | undefined>>;
  /** Formats a path for messages. */
  readonly show: (path: string) => string;
}

/** Limits of one recipe: number of files, and UTF-16 units in them. */
const maxFiles = 64;
const maxText = 256 * 1024;

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
  if (builtin.ok) layers.push({ file: sources.builtin.path, document: builtin.value, builtin: true });
  else problems.push(...problemsOf(builtin.failure));

  const add = async (file: string, text: string, line: readonly string[]): Promise<void> => {
    done.add(file);
    units += text.length;
    const parsed = await parseRecipe({ path: sources.show(file), text });
    if (!parsed.ok) {
      problems.push(...problemsOf(parsed.failure));
      return;
    }
    const document: Document<TasksDocument> = parsed.value;
    for (const [index, entry] of (document.value.extends ?? []).entries()) {
      const target = resolve(dirname(file), entry);
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
      if (done.has(target)) continue;
      if (done.size >= maxFiles || units > maxText) {
        const limits = `${maxFiles} files and ${maxText / 1024} KiB`;
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
            hint: "paths in `extends` are relative to the file that names them",
          }),
        );
        continue;
      }
      await add(target, extended.value, [...line, file]);
    }
    layers.push({ file, document, builtin: false });
  };

  for (const file of sources.files) {
    if (done.has(file)) continue;
    const text = await sources.read(file);
    if (!text.ok) return text;
    if (text.value === undefined) continue;
    await add(file, text.value, []);
  }
  return ok({ layers, problems });
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
