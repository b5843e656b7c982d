/** How Node reads a module. */
export type ModuleFormat = "module" | "commonjs" | "json" | "module-typescript" | "commonjs-typescript";

/** A module of a project, as it was trusted. */
export interface ModuleSource {
  readonly source: string;
  readonly format: ModuleFormat;
}

/** The modules that scripts of a project may import. */
export interface ProvidedModules {
  /** The project's folder; from it, scripts may import only `sources` and packages. */
  readonly root: string;
  /** By absolute path. These texts are run, even if the files have changed since. */
  readonly sources: Readonly<Record<string, ModuleSource>>;
  /** URLs by name, for modules that tazpod provides. They win over packages of the project. */
  readonly names: Readonly<Record<string, string>>;
}

/** Module hooks; they run in Node's own thread for hooks. */
const hooks = `
import { fileURLToPath } from "node:url";
let given;
export function initialize(data) { given = data; }
const pathOf = (url) => {
  try { return url.startsWith("file:") ? fileURLToPath(url.replace(/[?#].*$/, "")) : undefined; } catch { return undefined; }
};
const own = (path) => path !== undefined && Object.hasOwn(given.sources, path) ? given.sources[path] : undefined;
const refuse = (path) => new Error(path + " was not trusted on this host: only modules that a script imports by a literal relative path are trusted");
export async function resolve(name, context, next) {
  if (Object.hasOwn(given.names, name)) return { url: given.names[name], shortCircuit: true };
  const parent = context.parentURL;
  const isOwn = parent !== undefined && own(pathOf(parent)) !== undefined;
  if (/^(?:\\.{0,2}\\/|file:)/.test(name)) {
    const url = parent === undefined || URL.canParse(name) ? name : new URL(name, parent).href;
    const found = own(pathOf(url));
    if (found !== undefined) return { url, format: found.format, shortCircuit: true };
    if (isOwn) throw refuse(pathOf(url) ?? name);
  }
  const resolved = await next(name, context);
  const path = pathOf(resolved.url);
  if (isOwn && path !== undefined && own(path) === undefined && path.startsWith(given.root + "/") && !path.slice(given.root.length).includes("/node_modules/")) throw refuse(path);
  return resolved;
}
export async function load(url, context, next) {
  const found = own(pathOf(url));
  return found === undefined ? next(url, context) : { ...found, shortCircuit: true };
}`;

let isDone = false;

/** Installs the module hooks, once per process. */
export function provideModules(modules: () => ProvidedModules): void {
  if (isDone) return;
  isDone = true;
  process
    .getBuiltinModule("node:module")
    .register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: modules() });
}

/** Returns a program that installs the hooks in a new process. `file` has the modules, as JSON. */
export function providingProgram(file: string): string {
  return `const { readFileSync } = process.getBuiltinModule("node:fs");
process.getBuiltinModule("node:module").register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)}, { data: JSON.parse(readFileSync(${JSON.stringify(file)}, "utf8")) });`;
}
