import * as config from "../generated/config-validator.js";
import type { ConfigFile } from "../generated/config.js";
import * as tasks from "../generated/tasks-validator.js";
import type { TasksDocument } from "../generated/tasks.js";
import type { Schema } from "./schema.js";

/** What .tazpod/config.yaml must look like: schema/config.schema.json. */
export const validateConfig: Schema<ConfigFile> = config;

/** What a recipe must look like: schema/tasks.schema.json. */
export const validateTasks: Schema<TasksDocument> = tasks;
