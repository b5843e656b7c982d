import { fileURLToPath } from "node:url";
import { limits as defaults } from "../../aws/client-config.js";
import { settle } from "../../failure/result.js";
import { anySize } from "../accepted.js";
import { fileHistory } from "./history.js";
import { downloadFile, headFile, requireFolder } from "./object.js";
import { uploadFile } from "./write.js";
import type { Remote, RemoteOptions } from "../types.js";

/** A vault in a folder: a USB disk, a synced folder. */
export function fileRemote(
  url: string,
  { limits = defaults, accepted = anySize }: RemoteOptions = {},
): Remote {
  const place = { url, path: fileURLToPath(url), stall: limits.stall, accepted };
  const history = fileHistory(place);
  const there = <T>(work: () => Promise<T>) =>
    settle(async () => {
      await requireFolder(place);
      return work();
    });
  return {
    kind: "file",
    url,
    accepted,
    credentials: async () => ({ state: "true", reason: "a folder needs no login" }),
    conditional: async () => ({ honoured: true, etag: "unquoted" }),
    head: async (signal) => {
      const folder = await settle(() => requireFolder(place));
      return folder.ok ? headFile(place, signal) : { state: "unknown", failure: folder.failure };
    },
    download: (request) => there(() => downloadFile(place, request)),
    upload: (request) => there(() => uploadFile(place, request)),
    history: {
      ...history,
      list: async (signal) => {
        const folder = await settle(() => requireFolder(place));
        return folder.ok ? history.list(signal) : folder;
      },
    },
  };
}
