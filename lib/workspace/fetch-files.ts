import { createHash } from "node:crypto";
import { createTemp, type TempFile } from "../host/temp-file.js";
import { meter } from "../host/work-meter.js";
import { Failed, ok, type Result, settle, take } from "../failure/result.js";
import { feed } from "../vault/archive/tar-feed.js";
import { escapePath } from "../secrets-folder/exec.js";
import { damagedTar, type WorkspaceContainer, packFiles } from "./container-exec.js";
import { checkContainerEntry } from "./container-entry.js";
import { type ContainerListing, listedBytes } from "./list-container.js";
import { packEach, packSome } from "./sync-scripts.js";

/** A complete file of the container, in a temporary file on this host. */
export interface FetchedFile {
  readonly temp: TempFile;
  /** SHA-256 of the received content, hex. */
  readonly sha256: string;
  readonly mode: number;
}

interface FetchOptions {
  readonly inside: WorkspaceContainer;
  /** The folder for temporary files. */
  readonly folder: string;
  readonly copy: ContainerListing;
  readonly signal: AbortSignal;
}

/**
 * Fetches files of the container and passes each complete one to `use`. Files that are missing or no longer files were
 * changed after they were listed and are skipped. Failures: those of the container, of writing, and of `use`.
 */
export async function fetchFiles(
  fetching: FetchOptions,
  paths: readonly string[],
  use: (path: string, file: FetchedFile) => Promise<Result<void>>,
): Promise<Result<void>> {
  if (paths.length === 0) return ok(undefined);
  const again = new Set<string>();
  const first = await fetchOnce(fetching, packSome, paths, use, again);
  if (!first.ok || again.size === 0) return first;
  return fetchOnce(fetching, packEach, [...again], use, new Set());
}

async function fetchOnce(
  { inside, folder, copy, signal }: FetchOptions,
  script: string,
  paths: readonly string[],
  use: (path: string, file: FetchedFile) => Promise<Result<void>>,
  again: Set<string>,
): Promise<Result<void>> {
  const wanted = new Set(paths);
  const count = meter(
    "received",
    paths.reduce((sum, path) => sum + listedBytes(copy, path), 0),
  );
  let passed = 0;
  const counted = (bytes: number): void => count((passed += bytes));
  const { tar, done } = packFiles(
    inside,
    script,
    signal,
    paths.map((path) => `${escapePath(path)}\n`).join(""),
  );
  const { extract } = await import("../vault/archive/tar-parser.js");
  const parser = extract();
  const feeding = feed(tar, parser);
  let wasCut = false;
  const read = await settle(async () => {
    try {
      for await (const source of parser) {
        const checked = checkContainerEntry(source.header);
        if (checked.is === "hard-link" && wanted.has(checked.path)) again.add(checked.path);
        if (checked.is === "file" && wanted.delete(checked.path)) {
          const file = take(await receive(source as AsyncIterable<Buffer>, folder, checked.mode, counted));
          const used = await use(checked.path, file);
          // does nothing if `use` moved the file
          await file.temp.discard();
          take(used);
        } else for await (const _ of source);
      }
    } catch (error) {
      if (error instanceof Failed || error instanceof TypeError || error instanceof RangeError) throw error;
      wasCut = tar.readableEnded || tar.destroyed;
      throw damagedTar("it cannot be read to its end");
    } finally {
      parser.destroy();
      tar.destroy();
    }
    const error = feeding.error();
    if (error instanceof Failed) throw error;
  });
  const warnings = await done;
  // a connection that was lost cuts the tar
  if (!read.ok) return wasCut && !warnings.ok ? warnings : read;
  return warnings.ok ? ok(undefined) : warnings;
}

async function receive(
  source: AsyncIterable<Buffer>,
  folder: string,
  mode: number,
  counted: (bytes: number) => void,
): Promise<Result<FetchedFile>> {
  // a fixed name, since the container's may already have the maximum length
  const temp = await createTemp(folder, "synced", mode);
  if (!temp.ok) return temp;
  const hash = createHash("sha256");
  for await (const chunk of source) {
    hash.update(chunk);
    counted(chunk.length);
    const written = await temp.value.write(Buffer.from(chunk));
    if (!written.ok) return (await temp.value.discard(), written);
  }
  const finished = await temp.value.finish();
  if (!finished.ok) return (await temp.value.discard(), finished);
  return ok({ temp: temp.value, sha256: hash.digest("hex"), mode });
}
