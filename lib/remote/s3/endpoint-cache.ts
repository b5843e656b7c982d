import { isRecord, parseJson } from "../../host/json.js";
import { dirname, join } from "node:path";
import { makeFolder, readText, writeAtomic } from "../../host/files.js";

/** How a server handles conditional writes to a bucket. */
export type ConditionSupport =
  | {
      readonly honoured: true;
      /** The form of an ETag in If-Match. */
      readonly etag: "quoted" | "unquoted";
      /** Whether it also honours them when a multipart upload is completed; unset until needed. */
      readonly completion?: boolean;
    }
  | { readonly honoured: false; readonly why: string };

/**
 * A cache in `endpoints.json` of this host's state of the project, by server and bucket. It can be removed at any time.
 */
export class EndpointCache {
  readonly #file: string | undefined;

  constructor(folder: string | undefined) {
    this.#file = folder === undefined ? undefined : join(folder, "endpoints.json");
  }

  async read(name: string): Promise<ConditionSupport | undefined> {
    return parseSupport((await this.#all())[name]);
  }

  /** Ignores failures: the next run then probes again. */
  async write(name: string, conditional: ConditionSupport | undefined): Promise<void> {
    if (this.#file === undefined) return;
    const endpoints = { ...(await this.#all()), [name]: conditional };
    if ((await makeFolder(dirname(this.#file))).ok)
      await writeAtomic(this.#file, `${JSON.stringify({ version: 1, endpoints }, null, 2)}\n`);
  }

  async #all(): Promise<Record<string, unknown>> {
    const text = this.#file === undefined ? undefined : await readText(this.#file);
    if (text === undefined || !text.ok || text.value === undefined) return {};
    const read = parseJson(text.value);
    return isRecord(read) && read["version"] === 1 && isRecord(read["endpoints"]) ? read["endpoints"] : {};
  }
}

function parseSupport(read: unknown): ConditionSupport | undefined {
  if (!isRecord(read)) return undefined;
  const { honoured, etag, completion, why } = read;
  if (honoured === false && typeof why === "string") return { honoured, why };
  if (honoured !== true || (etag !== "quoted" && etag !== "unquoted")) return undefined;
  return { honoured, etag, ...(typeof completion === "boolean" ? { completion } : {}) };
}
