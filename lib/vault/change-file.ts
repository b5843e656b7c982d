import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { now } from "../host/clock.js";
import { ok, type Result } from "../failure/result.js";
import type { DigestLine } from "./archive/manifest.js";
import { entryBytes, readEntries, tarStream } from "./archive/tar-entries.js";
import { foldersAbove, type TarEntry } from "./archive/tar-header.js";
import { type Inspected, inspectVault, vaultContent } from "./inspect-vault.js";
import { type SealedVault, sealInto, type SealRequest } from "./seal-into.js";
import { isIn } from "./vault-parts.js";
import { findEntry, findFile, noSuchFile } from "./vault-path.js";

/** A change of one path in a vault. */
export interface FileChange {
  /** As `vaultPath` returns it. */
  readonly path: string;
  /** The file's new content; undefined removes what is there, a folder with everything in it. */
  readonly content: Buffer | undefined;
}

/** Which vault to change, and how. */
export interface ChangeRequest extends Pick<SealRequest, "folder" | "passphrase" | "limitBytes" | "onStep"> {
  /** The sealed vault, absolute. */
  readonly vault: string;
  readonly change: FileChange;
  /** Decides whether to continue with this vault, before anything is written. */
  readonly accept: (opened: Inspected) => Promise<Result<void>>;
  /** Called last, with the entry that is changed: returns the path of the new vault. */
  readonly target: (opened: Inspected, before: DigestLine | undefined) => Promise<Result<string>>;
}

/** The vault before and after a change; `sealed` is undefined if the file had that content already. */
export interface ChangedVault {
  readonly opened: Inspected;
  readonly before: DigestLine | undefined;
  readonly sealed: SealedVault | undefined;
}

/**
 * Seals a vault again with one path changed; content passes only through this process's memory. A file that exists keeps
 * its mode, a new one has 0600 and a new folder 0700. Failures: `usage` for a path that is a folder or below a file,
 * `unknown-name` for one to remove that is not there, and those of `inspectVault`, `accept`, `target` and `sealInto`;
 * then nothing is changed.
 */
export async function changeFile(request: ChangeRequest): Promise<Result<ChangedVault>> {
  const { vault, folder, passphrase, limitBytes, change, onStep } = request;
  const inspected = await inspectVault(vault, passphrase);
  if (!inspected.ok) return inspected;
  const opened = inspected.value;
  const { entries, manifest, digest } = opened.summary;
  const find = change.content === undefined ? findEntry : findFile;
  const before = find(entries, change.path);
  if (!before.ok) return before;
  if (before.value === undefined && change.content === undefined) return noSuchFile(entries, change.path);
  const accepted = await request.accept(opened);
  if (!accepted.ok) return accepted;
  if (change.content !== undefined && before.value?.sha256 === sha256Of(change.content))
    return ok({ opened, before: before.value, sealed: undefined });
  const time = Math.floor(now().getTime() / 1000);
  const isNew = before.value === undefined;
  const sealed = await sealInto({
    ...{ folder, passphrase, limitBytes, onStep, format: opened.format },
    source: () => {
      const { tar, done } = vaultContent(vault, passphrase);
      return { tar: changedTar(tar, change, isNew, time), done };
    },
    from: {
      generation: manifest?.generation ?? 0,
      parent: { sealed: opened.sha256, content: digest },
      audit: manifest?.audit,
    },
    target: () => request.target(opened, before.value),
  });
  return sealed.ok ? ok({ opened, before: before.value, sealed: sealed.value }) : sealed;
}

/** Streams a vault's tar with the change; a folder that gains or loses an entry gets the new time, as on a disk. */
function changedTar(tar: Readable, { path, content }: FileChange, isNew: boolean, time: number): Readable {
  const folders = foldersAbove(path);
  const gained = isNew || content === undefined ? dirname(path) : undefined;
  async function* pieces(): AsyncGenerator<Buffer> {
    const missing = new Set(folders);
    for await (const { entry, content: rest } of readEntries(tar)) {
      missing.delete(entry.path);
      if (content === undefined && isIn(entry.path, path)) continue;
      if (content !== undefined && entry.path === path) yield* fileBytes(entry, content, time);
      else
        yield* entryBytes({
          entry: entry.path === gained ? { ...entry, mtime: time } : entry,
          content: rest,
        });
    }
    if (content === undefined || !isNew) return;
    for (const folder of missing)
      yield* entryBytes({
        entry: { path: folder, type: "directory", mode: 0o700, size: 0, mtime: time },
        content: nothing,
      });
    yield* fileBytes({ path, type: "file", mode: 0o600, size: 0, mtime: time }, content, time);
  }
  return tarStream(pieces());
}

function fileBytes(entry: TarEntry, bytes: Buffer, mtime: number): AsyncGenerator<Buffer> {
  async function* content(): AsyncGenerator<Buffer> {
    yield bytes;
  }
  return entryBytes({ entry: { ...entry, size: bytes.length, mtime }, content });
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** Returns the paths at and below this one. */
export function pathsAt(entries: readonly DigestLine[], path: string): readonly string[] {
  return entries.map(({ entry }) => entry.path).filter((one) => isIn(one, path));
}
