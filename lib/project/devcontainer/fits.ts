import { configSchema } from "../../document/config-schema.js";
import type { ConfigFile } from "../../generated/config.js";
import { configProblems } from "../check-config.js";

/** Whether a config may have this. */
export function fitsConfig(value: ConfigFile): boolean {
  return (
    configSchema.validate(value) &&
    configProblems({ value, problem: (_, message) => ({ message }) }).length === 0
  );
}
