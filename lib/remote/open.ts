import type { Remote, RemoteOptions, RemoteSettings } from "./types.js";

/** The remote that the settings name. Nothing is contacted, and what is heavy is loaded by the first request. */
export async function openRemote(settings: RemoteSettings, options: RemoteOptions = {}): Promise<Remote> {
  if (settings.url.startsWith("s3://")) return (await import("./s3/remote.js")).s3Remote(settings, options);
  if (settings.url.startsWith("file://"))
    return (await import("./file/remote.js")).fileRemote(settings.url, options);
  return (await import("./none.js")).noRemote(settings.url);
}
