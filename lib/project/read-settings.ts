import { type Document, invalidDocument } from "../document/document.js";
import type { ConfigFile } from "../generated/config.js";
import { fail, ok, type Result } from "../failure/result.js";
import { displayPath } from "../host/paths.js";
import { parseConfig } from "./parse-config.js";
import type { ProjectFiles } from "./project-files.js";

/** The settings of a project as written: the config, with the local settings of this host over it. */
export interface WrittenSettings {
  readonly written: ConfigFile;
  /** True if there are local settings. */
  readonly hasLocal: boolean;
}

/** Reads the config and the local settings, if any. Failures: `file`, `invalid-document`. */
export async function readSettings(
  config: string,
  local: string,
  files: ProjectFiles,
): Promise<Result<WrittenSettings>> {
  const [text, localText] = [await files.text(config), await files.text(local)];
  if (!text.ok) return text;
  if (!localText.ok) return localText;
  if (text.value === undefined) {
    const detail = "it has just been removed";
    return fail({ kind: "file", action: "read", path: config, code: "ENOENT", detail });
  }
  const hasLocal = localText.value !== undefined;
  // an empty file means all defaults, but the parser requires a map
  const given = [
    { path: displayPath(local), text: localText.value ?? "" },
    { path: displayPath(config), text: text.value },
  ].filter((source) => /^[ \t]*[^\s#]/m.test(source.text));
  if (given.length === 0) return ok({ written: {}, hasLocal });
  const documents: Document<ConfigFile>[] = [];
  for (const source of given) {
    const parsed = await parseConfig(source);
    if (!parsed.ok) return parsed;
    documents.push(parsed.value);
  }
  const written = documents.reduceRight<ConfigFile>(
    (below, { value }) => merged(below, value) as ConfigFile,
    {},
  );
  const { configProblems } = await import("./check-config.js");
  const problems = configProblems({
    value: written,
    // the last document stands for all that has no place of its own
    problem: (path, message, options) => {
      const document = documents.find(({ value }) => has(value, path)) ?? documents.at(-1);
      return document === undefined ? { message } : document.problem(path, message, options);
    },
  });
  return problems.length === 0 ? ok({ written, hasLocal }) : invalidDocument(problems);
}

/** Merges maps by key; any other value replaces the one below it. */
function merged(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above)) return above;
  const entries = Object.entries(above).map(([key, value]) => [
    key,
    Object.hasOwn(below, key) ? merged(below[key], value) : value,
  ]);
  return { ...below, ...Object.fromEntries(entries) };
}

function has(value: unknown, path: readonly (string | number)[]): boolean {
  let here: unknown = value;
  for (const key of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, key)) return false;
    here = (here as Record<string | number, unknown>)[key];
  }
  return true;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
