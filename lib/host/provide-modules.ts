/** How Node is to read a module. */
export type ModuleFormat = "module" | "commonjs" | "json" | "module-typescript" | "commonjs-typescript";

/** A module of a project, as it was trusted. */
export interface ModuleSource {
  readonly source: string;
  readonly format: ModuleFormat;
}

/** What scripts of a project may import. */
export interface ProvidedModules {
  /** The project's folder: of it nothing else is imported, but for packages. */
  readonly root: string;
  /** By absolute path. These texts are run, whatever is in the files by then. */
  readonly sources: Readonly<Record<string, ModuleSource>>;
  /** Names that tazpod gives, to URLs. A package of the project with such a name is not looked for. */
  readonly names: Readonly<Record<string, string>>;
}

/** Runs in Node's own thread for such hooks. */
const hooks = `
import { fileURLToPath } from "node:url";
let given;
export function initialize(data) { given = data; }
const pathOf = (url) => {
  try { return url.startsWith("file:") ? fileURLToPath(url.replace(/[?#].*$/, "")) : undefined; } catch { return undefined; }
};
const own = (path) => path !== undefined && Object.hasOwn(given.sources, path) ? given.sources[path] : undefined;
const refuse = (path) => new Error(path + " is not part of what was trusted on this host: only what a script imports by a relative path, written out in the import, is");
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

/** Gives the scripts of a project what they may import, once in a process. */
export function provideModules(modules: () => ProvidedModules): void {
  if (isDone) return;
  isDone = true;
  process
    .getBuiltinModule("node:module")
    .register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: modules() });
}

/** A program that does the same in a process which is started for a script; the modules are in a file, as JSON. */
export function providingProgram(file: string): string {
  return `const { readFileSync } = process.getBuiltinModule("node:fs");
process.getBuiltinModule("node:module").register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)}, { data: JSON.parse(readFileSync(${JSON.stringify(file)}, "utf8")) });`;
}
