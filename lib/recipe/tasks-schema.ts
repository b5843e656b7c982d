import * as tasks from "../generated/tasks-validator.js";
import type { TasksDocument } from "../generated/tasks.js";
import type { Schema } from "../document/schema.js";

/** The schema of a recipe: schema/tasks.schema.json. Its own file, so that the validator is loaded only when needed. */
export const tasksSchema: Schema<TasksDocument> = tasks;
