import { fileURLToPath } from "node:url";
import { settle } from "../result.js";
import { fileHistory } from "./file-history.js";
import { downloadFile, headFile, requireFolder } from "./file-object.js";
import { uploadFile } from "./file-write.js";
import type { Remote } from "./types.js";

/** A vault in a folder: a USB disk, a synced folder. */
export function fileRemote(url: string): Remote {
  const place = { url, path: fileURLToPath(url) };
  const history = fileHistory(place);
  const there = <T>(work: () => Promise<T>) =>
    settle(async () => {
      await requireFolder(place);
      return work();
    });
  return {
    kind: "file",
    url,
    credentials: async () => ({ state: "true", reason: "a folder needs no login" }),
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
