import type { Failure } from "../failure/failure.js";
import { fail, ok } from "../failure/result.js";
import { noSizeLimit } from "./accepted.js";
import type { Remote } from "./types.js";

/** `remote: none`: the vault is on this host alone, and there is nothing to log in to. */
export function noRemote(url: string): Remote {
  const failure: Failure = {
    kind: "remote-unavailable",
    url,
    reason: "this project has no remote",
    hint: "Set remote: in .tazpod/config.yaml to an s3:// or file:// URL.",
  };
  const refuse = async () => fail(failure);
  return {
    kind: "none",
    url,
    downloadLimits: noSizeLimit,
    credentials: async () => ({ state: "true", reason: "no remote, so no login" }),
    conditionSupport: async () => undefined,
    head: async () => ({ state: "absent" }),
    download: refuse,
    upload: refuse,
    history: {
      list: async () => ok([]),
      head: async () => ({ state: "absent" }),
      download: refuse,
      keep: refuse,
      remove: refuse,
    },
  };
}
