import { readProjectFile } from "../host/project-file.js";
import { ok, type Result } from "../failure/result.js";

/** The files of a project, each read once in a run: what is parsed, asked about and run is the same. */
export class ProjectFiles {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly #read = new Map<string, Buffer>();

  constructor(root: string) {
    this.root = root;
  }

  /** The bytes of a file when it was first read; undefined when it is not there. Failure: `file`. */
  async bytes(path: string, limit?: number): Promise<Result<Buffer | undefined>> {
    const before = this.#read.get(path);
    if (before !== undefined) return ok(before);
    const found = await readProjectFile(this.root, path, limit);
    if (!found.ok || found.value === undefined) return found;
    // of two that read at once, the first counts
    const bytes = this.#read.get(path) ?? found.value;
    this.#read.set(path, bytes);
    return ok(bytes);
  }

  async text(path: string): Promise<Result<string | undefined>> {
    const found = await this.bytes(path);
    return found.ok ? ok(found.value?.toString()) : found;
  }
}
