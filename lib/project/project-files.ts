import { join } from "node:path";
import { readProjectFile } from "../host/project-file.js";
import { ok, type Result } from "../failure/result.js";
import { realPath, stat } from "../host/files.js";

/** The files of a project, each read once per run, so that the same content is parsed, confirmed and run. */
export class ProjectFiles {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly #read = new Map<string, Buffer>();

  constructor(root: string) {
    this.root = root;
  }

  /** Returns a file's bytes as first read; undefined if it does not exist. Failure: `file`. */
  async bytes(path: string, limit?: number): Promise<Result<Buffer | undefined>> {
    const before = this.#read.get(path);
    if (before !== undefined) return ok(before);
    const found = await readProjectFile(this.root, path, limit);
    if (!found.ok || found.value === undefined) return found;
    // if two calls read it at once, the first result counts
    const bytes = this.#read.get(path) ?? found.value;
    this.#read.set(path, bytes);
    return ok(bytes);
  }

  async text(path: string): Promise<Result<string | undefined>> {
    const found = await this.bytes(path);
    return found.ok ? ok(found.value?.toString()) : found;
  }
}

/** Maximum size of a file, in bytes: it is kept in memory and quoted in messages. */
const maxBytes = 1024 * 1024;

type Inside =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly absent: boolean; readonly why: string };

/** Resolves a path in the project, or returns why it cannot be used. Nothing outside the project is reached. */
export async function resolveInProject(root: string, path: string, kind: "file" | "folder"): Promise<Inside> {
  const fails = (why: string, absent = false): Inside => ({ ok: false, absent, why });
  const real = await realPath(join(root, path));
  if (!real.ok) return fails(`${path} cannot be read`);
  if (real.value === undefined) return fails(`there is no ${kind} ${path}`, true);
  if (real.value !== root && !real.value.startsWith(`${root}/`))
    return fails(`${path} leads out of the project`);
  const found = await stat(real.value);
  if (!found.ok || found.value?.kind !== kind) return fails(`${path} is not a ${kind}`);
  if (kind === "file" && found.value.bytes > maxBytes) return fails(`${path} is larger than 1 MiB`);
  return { ok: true, path: real.value };
}
