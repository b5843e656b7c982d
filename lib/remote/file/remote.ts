import { fileURLToPath } from "node:url";
import { followLinks } from "../../host/files.js";
import { limits as defaults } from "../../aws/client-config.js";
import { settle, take, type Result } from "../../failure/result.js";
import { noSizeLimit } from "../download-limits.js";
import { fileHistory } from "./remote-history.js";
import { type FileLocation, downloadFile, headFile, requireFolder } from "./object.js";
import { uploadFile } from "./write.js";
import type { Presence, Remote, RemoteHistory, RemoteOptions } from "../remote-types.js";

/** A remote in a folder: a USB disk or a synced folder. */
export function fileRemote(
  url: string,
  { limits = defaults, downloadLimits = noSizeLimit }: RemoteOptions = {},
): Remote {
  // a link stays one: what it leads to is read and replaced
  const there = <T>(work: (location: FileLocation) => Promise<T>) =>
    settle(async () => {
      const path = take(await followLinks(fileURLToPath(url)));
      const location = { url, path, stall: limits.stall, downloadLimits };
      await requireFolder(location);
      return work(location);
    });
  const history = <T>(work: (history: RemoteHistory) => Promise<Result<T>>) =>
    there(async (location) => take(await work(fileHistory(location))));
  const presence = (found: Result<Presence>): Presence =>
    found.ok ? found.value : { state: "unknown", failure: found.failure };
  return {
    kind: "file",
    url,
    downloadLimits,
    credentials: async () => ({ state: "true", reason: "a folder needs no login" }),
    conditionSupport: async () => ({ honoured: true, etag: "unquoted" }),
    head: async (signal) => presence(await there((location) => headFile(location, signal))),
    download: (request) => there((location) => downloadFile(location, request)),
    upload: (request) => there((location) => uploadFile(location, request)),
    history: {
      list: (signal) => history((copies) => copies.list(signal)),
      head: async (name, signal) =>
        presence(await there((location) => fileHistory(location).head(name, signal))),
      download: (name, request) => history((copies) => copies.download(name, request)),
      keep: (request) => history((copies) => copies.keep(request)),
      remove: (names) => history((copies) => copies.remove(names)),
    },
  };
}
