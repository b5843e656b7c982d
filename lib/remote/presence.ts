import { Failed } from "../failure/result.js";
import type { Known, Presence, WriteCondition } from "./remote-types.js";

/** Returns a presence that is not `unknown`; throws its `Failed` otherwise. */
export function requireKnown(presence: Presence): Known {
  if (presence.state === "unknown") throw new Failed(presence.failure);
  return presence;
}

/** Returns whether the condition of a write holds for what the remote has. */
export function conditionHolds(found: Known, condition: WriteCondition): boolean {
  if (condition === "absent") return found.state === "absent";
  return found.state === "present" && found.object.etag === condition.replaces;
}
