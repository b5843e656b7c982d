import type { Failure } from "../../failure/failure.js";

/**
 * Whether an archive failed because its source did not end well, which then says more. One that was refused for what
 * is in it was not read on, and its source ended because of that.
 */
export function isTruncated(failure: Failure): boolean {
  return (failure.kind === "archive-refused" && failure.damaged === true) || failure.kind === "interrupted";
}
