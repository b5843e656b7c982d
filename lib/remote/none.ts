import type { Failure } from "../failure.js";
import { fail } from "../result.js";
import type { Remote } from "./types.js";

/** `remote: none`: the vault is on this host alone, and there is nothing to log in to. */
export function noRemote(url: string): Remote {
  const failure: Failure = {
    kind: "remote-unavailable",
    url,
    reason: "this project has no remote",
    hint: "Set remote: in .tazpod/config.yaml to an s3:// or file:// URL.",
  };
  return {
    kind: "none",
    url,
    credentials: async () => ({ state: "true", reason: "no remote, so no login" }),
    head: async () => ({ state: "absent" }),
    download: async () => fail(failure),
    upload: async () => fail(failure),
  };
}
