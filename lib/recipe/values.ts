import { nearest } from "../document/nearest.js";
import type { Task, Variable } from "./recipe.js";

/** Returns what is wrong with a value of a variable, as the end of a sentence; undefined if nothing is. */
export function wrongValue(
  { choices, type }: Pick<Variable, "choices" | "type">,
  value: string,
): { readonly message: string; readonly nearest?: string } | undefined {
  const quoted = JSON.stringify(value);
  if (choices.length > 0 && !choices.includes(value)) {
    const close = nearest(value, choices);
    return {
      message: `${listOf(choices)}, not ${quoted}`,
      ...(close === undefined ? {} : { nearest: close }),
    };
  }
  if (type === "number" && !/^-?\d+(\.\d+)?$/.test(value)) return { message: `a number, not ${quoted}` };
  if (type === "boolean" && value !== "true" && value !== "false")
    return { message: `true or false, not ${quoted}` };
  return undefined;
}

/** Tells whether a run needs a value from the command line. */
export function isRequired({ text, command, optional }: Variable): boolean {
  return text === undefined && command === undefined && !optional;
}

/** Returns the variables of a task that the command line can set, its arguments first. */
export function settable({ args, vars }: Task): readonly Variable[] {
  return [...args, ...vars];
}

/** Returns "a, b or c". */
export function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}
