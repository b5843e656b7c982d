import { fileURLToPath } from "node:url";
import { limits as defaults } from "../../aws/client-config.js";
import { settle } from "../../failure/result.js";
import { noSizeLimit } from "../download-limits.js";
import { fileHistory } from "./remote-history.js";
import { downloadFile, headFile, requireFolder } from "./object.js";
import { uploadFile } from "./write.js";
import type { Remote, RemoteOptions } from "../remote-types.js";

/** A remote in a folder: a USB disk or a synced folder. */
export function fileRemote(
  url: string,
  { limits = defaults, downloadLimits = noSizeLimit }: RemoteOptions = {},
): Remote {
  const location = { url, path: fileURLToPath(url), stall: limits.stall, downloadLimits };
  const history = fileHistory(location);
  const there = <T>(work: () => Promise<T>) =>
    settle(async () => {
      await requireFolder(location);
      return work();
    });
  return {
    kind: "file",
    url,
    downloadLimits,
    credentials: async () => ({ state: "true", reason: "a folder needs no login" }),
    conditionSupport: async () => ({ honoured: true, etag: "unquoted" }),
    head: async (signal) => {
      const folder = await settle(() => requireFolder(location));
      return folder.ok ? headFile(location, signal) : { state: "unknown", failure: folder.failure };
    },
    download: (request) => there(() => downloadFile(location, request)),
    upload: (request) => there(() => uploadFile(location, request)),
    history: {
      ...history,
      list: async (signal) => {
        const folder = await settle(() => requireFolder(location));
        return folder.ok ? history.list(signal) : folder;
      },
    },
  };
}
