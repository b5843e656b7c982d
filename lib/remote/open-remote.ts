import type { Remote, RemoteOptions, RemoteSettings } from "./remote-types.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok } from "../failure/result.js";
import { noSizeLimit } from "./download-limits.js";

/** Returns the remote of the settings. Contacts nothing; the first request loads the SDK. */
export async function openRemote(settings: RemoteSettings, options: RemoteOptions = {}): Promise<Remote> {
  if (settings.url.startsWith("s3://")) return (await import("./s3/remote.js")).s3Remote(settings, options);
  if (settings.url.startsWith("file://"))
    return (await import("./file/remote.js")).fileRemote(settings.url, options);
  return noRemote(settings.url);
}

/** The remote for `remote: none`: the vault exists only on this host, without login. */
function noRemote(url: string): Remote {
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
