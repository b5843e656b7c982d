import { relative, resolve } from "node:path";
import { stat } from "../host/files.js";
import { isInside } from "../host/project-file.js";
import { completeConfig } from "../project/config.js";
import type { Project } from "../project/project.js";
import type { ConfigFile } from "../generated/config.js";
import type { Recipe } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { pathsIn, readProgram, sha256, type TrustedCode } from "./trusted-code.js";
import { possibleCommands, scriptsOf, type VarsOf } from "./recipe-commands.js";
import { readModules } from "./script-modules.js";

/** One thing that a project overrides: what runs, where it runs, or where the vault goes. */
export interface TrustedItem {
  readonly kind: "setting" | "file";
  /** A config key, or a file's path in the project. */
  readonly name: string;
  /** A setting as JSON; a file's content, or `sha256:` and its hash in hex if it is long or not text. */
  readonly value: string;
}

/** Everything of a project that needs trust. */
export interface TrustedContent {
  readonly items: readonly TrustedItem[];
  readonly code: TrustedCode;
  /** Packages that scripts import; their content is not checked. */
  readonly packages: readonly string[];
}

/** Longer content is stored as a hash, in bytes. */
const longBytes = 1024 * 1024;

/**
 * Reads everything that a project overrides; empty for one that only uses defaults. Failures: `file`, `untrusted-file`.
 */
export async function readTrustedContent(
  project: Project,
  recipe: Recipe,
  varsOf: VarsOf,
): Promise<Result<TrustedContent>> {
  const { root, files } = project;
  const [, ...recipes] = recipe.files;
  const read = await readModules(scriptsOf(recipe), files);
  if (!read.ok) return read;
  const { modules, packages } = read.value;
  const items = [...(await trustedSettings(project))];
  for (const path of [...new Set([...recipes, ...modules.keys()])]) {
    const bytes = await files.bytes(path);
    if (!bytes.ok) return bytes;
    if (bytes.value === undefined) return fail({ kind: "untrusted-file", file: path, why: "gone" });
    items.push(await fileItem(root, path, bytes.value));
  }
  const programs = new Map<string, string>();
  const { commands, dotenv } =
    recipes.length === 0 ? { commands: [], dotenv: [] } : possibleCommands(recipe, varsOf);
  const named = commands.flatMap(({ argv, dir }) => pathsIn(root, argv, new Set(), resolve(root, dir)));
  // their values may be secret, so that only their hashes are recorded
  const hidden = new Set(dotenv.map((path) => resolve(root, path)).filter((path) => isInside(root, path)));
  const paths = [...new Set([...named, ...hidden])].toSorted();
  // most words of commands name no file; asking one by one would take longest
  const states = await Promise.all(paths.map(stat));
  const there = paths.filter((_, index) => {
    const state = states[index];
    return state?.ok === true && state.value?.kind === "file";
  });
  for (const path of there) {
    const found = await readProgram(root, path);
    if (!found.ok) return found;
    if (found.value === undefined) continue;
    const { bytes } = found.value;
    programs.set(path, await sha256(bytes));
    const item = hidden.has(path)
      ? { kind: "file" as const, name: relative(root, path), value: hashPrefix + (await sha256(bytes)) }
      : await fileItem(root, path, bytes);
    const known = items.find(({ kind, name }) => kind === "file" && name === item.name);
    if (known === undefined) items.push(item);
    else if (known.value !== item.value) return fail({ kind: "untrusted-file", file: path, why: "changed" });
  }
  return ok({ items, code: { root, modules, programs }, packages });
}

/** Returns the settings that differ from the defaults, and the Dockerfile that they name. */
export async function trustedSettings({ written, root, build }: Project): Promise<readonly TrustedItem[]> {
  const items: TrustedItem[] = Object.entries(significantSettings(written, root)).map(([name, value]) => ({
    kind: "setting",
    name,
    value: JSON.stringify(value),
  }));
  if (build?.ok !== true) return items;
  const { dockerfile, text } = build.value;
  return [...items, { kind: "file", name: dockerfile, value: await textOrHash(Buffer.from(text)) }];
}

/** Removes the keys of a config that change nothing; the rest has the same meaning, and is empty for the defaults. */
function significantSettings(written: ConfigFile, root: string): ConfigFile {
  const meaning = (config: ConfigFile): string =>
    JSON.stringify({ ...completeConfig(config, root), notes: [] });
  const all = meaning(written);
  let left: ConfigFile = written;
  for (const key of Object.keys(written).toSorted()) {
    const without = Object.fromEntries(Object.entries(left).filter(([name]) => name !== key));
    if (meaning(without) === all) left = without;
  }
  return Object.fromEntries(Object.entries(left).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Returns a hash over all items, hex. */
export async function contentHash(items: readonly TrustedItem[]): Promise<string> {
  const values = await Promise.all(
    items.map(async ({ kind, name, value }) => [
      kind,
      name,
      kind === "file" && !value.startsWith(hashPrefix) ? hashPrefix + (await sha256(value)) : value,
    ]),
  );
  return sha256(JSON.stringify(values));
}

/** Prefix of a value that is a hash. */
export const hashPrefix = "sha256:";

async function fileItem(root: string, path: string, bytes: Buffer): Promise<TrustedItem> {
  return { kind: "file", name: relative(root, path), value: await textOrHash(bytes) };
}

async function textOrHash(bytes: Buffer): Promise<string> {
  const text = bytes.length > longBytes ? undefined : bytes.toString();
  // invalid UTF-8 would decode to the same text as other bytes
  return text === undefined || text.includes("\ufffd") || text.startsWith(hashPrefix)
    ? hashPrefix + (await sha256(bytes))
    : text;
}
