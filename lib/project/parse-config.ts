import type { Document, SourceFile } from "../document/document.js";
import { parsedOnce } from "../document/precompiled.js";
import type { Result } from "../failure/result.js";
import type { ConfigFile } from "../generated/config.js";
import { keptValues } from "../host/kept-values.js";

/** Parses one file of settings, unless an earlier run did. Loads the YAML parser and the validator only when needed. */
export function parseConfig(source: SourceFile): Promise<Result<Document<ConfigFile>>> {
  return parsedOnce(source, "config", keptValues, async () => {
    const [{ parseDocument }, { configSchema }] = await Promise.all([
      import("../document/parse-yaml.js"),
      import("./check-config.js"),
    ]);
    return parseDocument(source, configSchema);
  });
}
