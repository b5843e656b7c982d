import type { Task } from "../recipe/recipe.js";
import { ok, type Result } from "../failure/result.js";
import { unknownFact } from "./choices.js";
import { call, type Coroutine } from "./coroutine.js";
import type { PredictedState } from "./predicted-state.js";

/** What a plan knows so far. */
interface Known {
  readonly predicted: PredictedState;
  /** Facts that were checked and hold, with the reason. */
  readonly satisfied: Map<string, string>;
}

/**
 * A task named by the user runs whatever its facts are, unless it only clears facts and all of them are false already.
 */
export function* whyDueByName({ predicted }: Known, task: Task): Coroutine<Result<string | undefined>> {
  if (task.clears.length === 0 || task.provides.length > 0) return ok("asked for");
  for (const name of task.clears) {
    const state = yield* call(predicted.state(name));
    if (state.state !== "false") return ok("asked for");
  }
  return ok(undefined);
}

/** Returns why a task is due; undefined if all it provides is true and all it clears is false. */
export function* whyDueByFacts(
  { predicted, satisfied }: Known,
  task: Task,
): Coroutine<Result<string | undefined>> {
  if (task.provides.length + task.clears.length === 0) return ok("asked for");
  for (const name of task.provides) {
    const state = yield* call(predicted.state(name));
    if (state.state === "unknown") return unknownFact(name, state);
    if (state.state !== "true") return ok(state.reason);
    if (state.by === undefined) satisfied.set(name, state.reason);
  }
  for (const name of task.clears) {
    const state = yield* call(predicted.state(name));
    if (state.state === "unknown") return unknownFact(name, state);
    if (state.state !== "false") return ok(`clears ${name}`);
  }
  return ok(undefined);
}
