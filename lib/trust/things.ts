import { relative, resolve } from "node:path";
import { readBytes, stat } from "../host/files.js";
import { completeConfig } from "../project/config.js";
import { defaults } from "../project/defaults.js";
import type { Config, Project } from "../project/types.js";
import type { Check, Recipe, ScriptRef } from "../recipe/types.js";
import { ok, type Result } from "../result.js";

/** Something that a project says, and that runs, or is run in, near a passphrase. */
export interface Thing {
  readonly kind: "setting" | "file";
  /** A setting by its name, or a file by its path in the project. */
  readonly name: string;
  /** The setting as JSON; of a file, its content, or `sha256:` and that in hex where it is long or no text. */
  readonly value: string;
}

/** What is longer is kept as its hash, in bytes. */
const longBytes = 64 * 1024;

/** What changes nothing of what runs, where it runs, or where the sealed vault goes. */
const harmless: ReadonlySet<keyof Config> = new Set([
  "containerName",
  "vaultFormat",
  "retention",
  "secretsBytes",
  "parts",
  "session",
  "notes",
] as const);

/** Nothing for a project that has only what comes with tazpod. Failure: `file`. */
export async function thingsOf(project: Project, recipe: Recipe): Promise<Result<readonly Thing[]>> {
  const things = [...(await settingsOf(project))];
  const files = new Set([...filesOf(recipe), ...(await programsOf(project, recipe))]);
  for (const file of files) {
    const bytes = await readBytes(file);
    if (!bytes.ok) return bytes;
    if (bytes.value === undefined) continue;
    things.push({ kind: "file", name: relative(project.root, file), value: await content(bytes.value) });
  }
  return ok(things);
}

/** What stands for all of them, hex. */
export async function hashOf(things: readonly Thing[]): Promise<string> {
  const values = await Promise.all(
    things.map(async ({ kind, name, value }) => [
      kind,
      name,
      kind === "file" && !value.startsWith(hashed) ? hashed + (await sha256(value)) : value,
    ]),
  );
  return sha256(JSON.stringify(values));
}

const hashed = "sha256:";

async function content(bytes: Buffer): Promise<string> {
  const text = bytes.length > longBytes ? undefined : bytes.toString();
  return text === undefined || text.includes("\ufffd") || text.startsWith(hashed)
    ? hashed + (await sha256(bytes))
    : text;
}

/** Of the settings those that are not tazpod's defaults, and the Dockerfile that they name. */
export async function settingsOf({ config, root, build }: Project): Promise<readonly Thing[]> {
  const found = settings(config, root);
  if (build?.ok !== true) return found;
  const { dockerfile, text } = build.value;
  return [...found, { kind: "file", name: dockerfile, value: await content(Buffer.from(text)) }];
}

function settings(config: Config, root: string): Thing[] {
  const preset = completeConfig({}, root);
  const keys = Object.keys(config).filter((key) => !harmless.has(key as keyof Config)) as (keyof Config)[];
  return keys.toSorted().flatMap((key) => {
    const [value, usual] = [config, preset].map((from) => JSON.stringify(essence(from, key)));
    return value === undefined || value === usual ? [] : [{ kind: "setting", name: key, value }];
  });
}

/** Of the remote, where it is, and where somebody is sent to log in; how it is asked is nobody's danger. */
function essence(config: Config, key: keyof Config): unknown {
  // the name of an image that is built is made from its Dockerfile, which is listed by itself
  if (key === "image" && config.build !== undefined) return defaults.image;
  if (key !== "remote") return config[key];
  const { url, endpoint, sso } = config.remote;
  return { url, ...(endpoint === undefined ? {} : { endpoint }), ...(sso === undefined ? {} : { sso }) };
}

/** The recipe files that are not tazpod's own, and the scripts they name. */
function filesOf(recipe: Recipe): readonly string[] {
  const [, ...own] = recipe.files;
  const scripts = [...checksOf(recipe), ...actionsOf(recipe)].flatMap((ref) =>
    ref.kind === "file" ? [ref.file] : [],
  );
  return [...new Set([...own, ...scripts])];
}

/** Files of the project that a command is, or is given. */
async function programsOf({ root }: Project, recipe: Recipe): Promise<readonly string[]> {
  const [builtin] = recipe.files;
  const own = <T extends { readonly at: { readonly file: string } }>(all: Iterable<T>): T[] =>
    [...all].filter(({ at }) => at.file !== builtin);
  const commands = [
    ...own(recipe.tasks.values()).flatMap(({ action }) => (action.kind === "cmds" ? action.cmds : [])),
    ...own(recipe.tasks.values()).flatMap((task) =>
      task.preconditions.flatMap(({ check }) => commandsIn(check)),
    ),
    ...own(recipe.facts.values()).flatMap(({ check }) => commandsIn(check)),
  ];
  const found = new Set<string>();
  for (const word of new Set(commands.flat())) {
    const path = resolve(root, word);
    if (word === "" || word.includes("{{") || relative(root, path).startsWith("..")) continue;
    const there = await stat(path);
    if (there.ok && there.value?.kind === "file") found.add(path);
  }
  return [...found].toSorted();
}

function* actionsOf(recipe: Recipe): Generator<ScriptRef> {
  for (const { action } of recipe.tasks.values()) if (action.kind === "script") yield action.script;
}

function* checksOf(recipe: Recipe): Generator<ScriptRef> {
  for (const { check } of recipe.facts.values()) yield* scriptsIn(check);
  for (const { preconditions } of recipe.tasks.values())
    for (const { check } of preconditions) yield* scriptsIn(check);
}

function scriptsIn(check: Check): readonly ScriptRef[] {
  if (check.kind === "script") return [check.script];
  return below(check).flatMap(scriptsIn);
}

function commandsIn(check: Check): readonly (readonly string[])[] {
  if (check.kind === "command") return [check.argv];
  return below(check).flatMap(commandsIn);
}

function below(check: Check): readonly Check[] {
  if (check.kind === "not") return [check.check];
  return check.kind === "all" || check.kind === "any" ? check.checks : [];
}

/** Loaded by those runs only that have to: it takes as long as all else that a short one does. */
async function sha256(data: string | Buffer): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256").update(data).digest("hex");
}
