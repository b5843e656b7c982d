import type { FailureOf } from "../failure/failure.js";
import type { PushedRecord } from "../vault/state.js";
import type { RemoteObject } from "./types.js";

/**
 * Whether the remote holds an older vault than this host has seen there, by the generations that its writers noted
 * beside it. That is against accidents (an old copy put back, a server that serves one); a note is not sealed, so who
 * can write there can write any. Without a generation nothing is known.
 */
export function rollbackFailure(
  object: RemoteObject,
  pushed: PushedRecord | undefined,
  url: string,
): FailureOf<"remote-rollback"> | undefined {
  if (pushed?.remote !== url || pushed.etag === object.etag) return undefined;
  const { generation: seen } = pushed;
  const { generation: found, host, modified } = object;
  if (seen === undefined || found === undefined || found >= seen) return undefined;
  const who = host === undefined ? {} : { host };
  return { kind: "remote-rollback", url, seen, found, modified: modified.toISOString(), ...who };
}
