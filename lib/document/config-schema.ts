import * as config from "../generated/config-validator.js";
import type { ConfigFile } from "../generated/config.js";
import type { Schema } from "./schema.js";

/** What .tazpod/config.yaml must look like: schema/config.schema.json. */
export const configSchema: Schema<ConfigFile> = config;
