import * as tasks from "../generated/tasks-validator.js";
import type { TasksDocument } from "../generated/tasks.js";
import type { Schema } from "./schema.js";

/** What a recipe must look like: schema/tasks.schema.json. */
export const tasksSchema: Schema<TasksDocument> = tasks;
