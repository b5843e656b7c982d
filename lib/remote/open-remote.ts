import type { Remote, RemoteOptions, RemoteSettings } from "./remote-types.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { noSizeLimit } from "./download-limits.js";
import { noRemoteReason } from "./local-vault.js";

/** Returns the remote of the settings. Contacts nothing; the first request loads the SDK. */
export async function openRemote(settings: RemoteSettings, options: RemoteOptions = {}): Promise<Remote> {
  if (settings.url.startsWith("s3://")) return (await import("./s3/remote.js")).s3Remote(settings, options);
  if (settings.url.startsWith("file://"))
    return (await import("./file/remote.js")).fileRemote(settings.url, options);
  return noRemote(settings.url);
}

/** Fails with `remote-unavailable` for `remote: none`. */
export function requireRemote({ kind, url }: Pick<Remote, "kind" | "url">): Result<void> {
  return kind === "none" ? fail(noRemoteFailure(url)) : ok(undefined);
}

function noRemoteFailure(url: string): Failure {
  const hint = "Set remote: in .tazpod/config.yaml to an s3:// or file:// URL.";
  return { kind: "remote-unavailable", url, reason: noRemoteReason, hint };
}

/** The remote for `remote: none`: the vault exists only on this host, without login. */
function noRemote(url: string): Remote {
  const refuse = async () => fail(noRemoteFailure(url));
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
