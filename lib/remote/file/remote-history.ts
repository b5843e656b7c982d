import { dirname, join } from "node:path";
import { list, makeFolder, removeFile, stat } from "../../host/files.js";
import { createTemp } from "../../host/temp-file.js";
import { settle, take } from "../../failure/result.js";
import { addToSidecar, sidecarPath } from "./sidecar.js";
import { copyInto, downloadFile, type FileLocation, headFile } from "./object.js";
import { historyStem, newestFirst, newHistoryName, parseHistoryName } from "../history-name.js";
import type { HistoryCopy, KeepResult, KeepRequest, RemoteHistory } from "../remote-types.js";

/**
 * Keeps copies in history/ next to the file. They are no hard links to it, so a program that writes into the file
 * damages none.
 */
export function fileHistory(location: FileLocation): RemoteHistory {
  const folder = join(dirname(location.path), "history");
  const at = (name: string): FileLocation => ({ ...location, path: join(folder, name) });
  return {
    list: () => settle(() => copies(folder)),
    head: (name, signal) => headFile(at(name), signal),
    download: (name, request) => settle(() => downloadFile(at(name), request)),
    keep: (request) => settle(() => keep(location, folder, request)),
    remove: (names) => settle(() => remove(folder, names)),
  };
}

async function copies(folder: string): Promise<readonly HistoryCopy[]> {
  const found: HistoryCopy[] = [];
  for (const name of take(await list(folder))) {
    const copy = parseHistoryName(name, 0);
    const file = copy && take(await stat(join(folder, name)));
    if (copy !== undefined && file?.kind === "file") found.push({ ...copy, bytes: file.bytes });
  }
  return newestFirst(found);
}

async function keep(
  location: FileLocation,
  folder: string,
  { object, checkFirst, signal }: KeepRequest,
): Promise<KeepResult> {
  take(await makeFolder(folder));
  const kept =
    checkFirst === true
      ? (await copies(folder)).find(({ name }) => name.startsWith(historyStem(object)))
      : undefined;
  if (kept !== undefined) return { state: "kept", name: kept.name };
  const name = newHistoryName(object);
  const target = join(folder, name);
  const temp = take(await createTemp(folder, name));
  try {
    const copied = await copyInto(location, temp, { signal });
    if (copied?.etag !== object.etag) return { state: "changed" };
    await addToSidecar(target, copied.etag, object);
    take(await temp.replace(target));
    return { state: "kept", name };
  } finally {
    await temp.discard();
  }
}

async function remove(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (parseHistoryName(name, 0) === undefined) throw new Error(`${name} is not the name of a copy`);
    take(await removeFile(join(folder, name)));
    take(await removeFile(sidecarPath(join(folder, name))));
  }
}
