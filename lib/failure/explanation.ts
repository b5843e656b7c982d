import type { Position } from "./failure.js";

/** The text of a failure: what happened, where, and what to do next. */
export interface Explanation {
  readonly message: string;
  /** `file:line:column`. */
  readonly where?: string;
  readonly hint?: string;
}

/** Builds an explanation. */
export function explanation(message: string, hint?: string, at?: Position): Explanation {
  return {
    message,
    hint,
    where: at === undefined ? undefined : `${at.file}:${at.line}:${at.column}`,
  };
}
