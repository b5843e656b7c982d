import type { Failure } from "../failure/failure.js";
import { isPushed, readLocal } from "./local.js";
import { rollbackFailure } from "./rollback.js";
import type { Remote, RemoteObject } from "./types.js";

/**
 * The vault here beside the remote's. `newer`: the remote has moved on since this host last saw it, and nothing here
 * waits for a push; `diverged`: both have moved on.
 */
export type Staleness =
  | { readonly state: "current" }
  | { readonly state: "newer" | "diverged"; readonly object: RemoteObject }
  | { readonly state: "unknown"; readonly failure: Failure };

/** Asks with one HEAD. A remote without a vault has none that is newer. */
export async function checkStaleness(
  remote: Remote,
  folder: string,
  signal?: AbortSignal,
): Promise<Staleness> {
  const found = await remote.head(signal);
  if (found.state === "unknown") return found;
  if (found.state === "absent") return { state: "current" };
  const { object } = found;
  // read after the answer: a push of another tazpod here may have been under way
  const local = await readLocal(folder, signal);
  if (!local.ok) return { state: "unknown", failure: local.failure };
  const { state, sha256 } = local.value;
  const seen = state.pushed?.remote === remote.url && state.pushed.etag === object.etag;
  const ours = (state.pending ?? []).some(
    (pending) => pending.remote === remote.url && pending.writeId === object.writeId,
  );
  if (seen || ours || (sha256 !== undefined && object.sha256 === sha256)) return { state: "current" };
  const alarm = rollbackFailure(object, state.pushed, remote.url);
  if (alarm !== undefined) return { state: "unknown", failure: alarm };
  return { state: isPushed(local.value, remote.url) ? "newer" : "diverged", object };
}
