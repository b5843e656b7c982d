import type { Readable } from "node:stream";
import { fail, ok, type Result } from "../failure/result.js";
import { call, limitMs, printed, printedLines } from "./exec.js";
import { type Folder, folderLine, pathLine } from "./parse-lines.js";
import { commitMore, removePaths, stageMore } from "./scripts.js";
import type { Opened } from "./unpack.js";
import type { Enclave } from "./types.js";

export interface Adding {
  /** A tar of files, folders and links that are known to be harmless, none of which is in the RAM folder. */
  readonly tar: Readable;
  /** Told once all of the tar was good: how its folders are to be, deepest first. */
  readonly checked: Promise<Result<readonly Folder[]>>;
}

/**
 * Adds to an open vault: unpacked beside, checked, moved in, and linked from the home. It is the caller's to record. Failure:
 * `vault-closed`.
 */
export async function putMore(
  enclave: Enclave,
  { tar, checked }: Adding,
  signal: AbortSignal,
): Promise<Result<Opened>> {
  const staged = await call(enclave, stageMore, [0, 3], { input: tar, signal });
  const folders = await checked;
  if (!folders.ok && folders.failure.kind !== "interrupted") return folders;
  if (!staged.ok) return staged;
  if (!folders.ok) return folders;
  if (staged.value.code === 3) return fail({ kind: "vault-closed" });
  const lines = ["more", ...folders.value.map(folderLine), "end", ""];
  const input = lines.join("\n");
  const done = await call(enclave, commitMore, [0, 3], { input, timeoutMs: 2 * limitMs }, enclave.bridges);
  if (!done.ok) return done;
  return done.value.code === 0 ? ok({ unlinked: printedLines(done.value) }) : fail({ kind: "vault-closed" });
}

export interface Removing {
  /** Files and links. */
  readonly files: readonly string[];
  /** Folders, deepest first. */
  readonly folders: readonly string[];
}

/** Takes something out of the RAM folder, with the links that led there. Failure: `still-open` with what would not go. */
export async function takeOut(enclave: Enclave, { files, folders }: Removing): Promise<Result<void>> {
  const lines = [
    ...folders.toReversed().map((path) => `open ${pathLine(path)}`),
    ...files.map((path) => `file ${pathLine(path)}`),
    ...folders.map((path) => `folder ${pathLine(path)}`),
    "",
  ];
  const done = await call(enclave, removePaths, [0, 5], { input: lines.join("\n") });
  if (!done.ok) return done;
  return done.value.code === 0 ? ok(undefined) : fail({ kind: "still-open", detail: printed(done.value) });
}
