import { Readable } from "node:stream";
import { forgetOpen, recordOpen } from "../secrets-folder/open-record.js";
import { newMark } from "../secrets-folder/open-state.js";
import { type UnpackResult as Placed, unpackVault } from "../secrets-folder/unpack.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { now } from "../host/clock.js";
import { type Result, ok, take } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type ArchiveSummary, normalise } from "../vault/archive/normalise.js";
import type { OpenedFile } from "../vault/rollback-check.js";
import { type OpenedVault, openVault } from "../vault/open-vault.js";
import { type OpenParts, isOpen } from "../vault/vault-parts.js";
import { filterTar } from "../vault/archive/tar-entries.js";
import type { Terminal } from "../host/terminal.js";

interface UnlockOptions {
  /** The path of the sealed file. */
  readonly vault: string;
  readonly passphrase: Secret;
  readonly limitBytes: number;
  /** The parts to open; undefined means all. */
  readonly opening: OpenParts | undefined;
  /** Decides whether to continue, before anything is in the RAM folder. */
  readonly accept: (opened: OpenedFile) => Promise<Result<void>>;
  readonly signal: AbortSignal;
}

interface Archive {
  readonly tar: Readable;
  /** Summary of what is unpacked. */
  readonly summary: Promise<Result<ArchiveSummary>>;
  /** Summary of the whole vault. */
  readonly whole: Promise<Result<ArchiveSummary>>;
}

/**
 * Opens a sealed vault into the RAM folder: completely, or not at all. The program that unpacks is started while the
 * key is derived, which takes longest. Failures: those of `openVault` first, then of `normalise` and `unpackVault`.
 */
export async function unlockVault(
  secrets: SecretsFolder,
  { vault, passphrase, limitBytes, opening: only, accept, signal }: UnlockOptions,
): Promise<Result<(ArchiveSummary & Placed) | "already open">> {
  const opening = openVault(vault, passphrase);
  // some engines take a while to find it; it is recorded once the vault is open
  void secrets.engine.address();
  const archive = opening.then((opened) => {
    if (!opened.ok) return opened;
    return ok(openArchive(opened.value, limitBytes, only));
  });
  async function* content(): AsyncGenerator<Buffer> {
    yield* take(await archive).tar as AsyncIterable<Buffer>;
  }
  const tar = Readable.from(content(), { objectMode: false });
  // also if it was closed before anything was read
  tar.once("close", () => void archive.then((made) => made.ok && made.value.tar.destroy()));
  const checked = archive.then((made) => (made.ok ? made.value.summary : made));
  let isRecorded = false;
  const record = async (digest: string): Promise<Result<string>> => {
    const [opened, { whole }] = [take(await opening), take(await archive)];
    const { manifest, digest: content } = take(await whole);
    const base = opened.sha256();
    const accepted = await accept({ sha256: base, content, manifest });
    if (!accepted.ok) return accepted;
    const mark = newMark();
    isRecorded = true;
    const recorded = await recordOpen(secrets, mark, {
      ...{ version: 1, digest, base, generation: manifest?.generation ?? 0 },
      ...{ openedAt: now().toISOString(), parts: only },
    });
    return recorded.ok ? ok(mark) : recorded;
  };
  const done = await unpackVault(secrets, { tar, checked }, record, signal);
  // first of all: a passphrase that opens nothing must not be kept
  const opened = await opening;
  if (!opened.ok) return opened;
  if (!done.ok) {
    // a record that another tazpod wrote stays
    if (isRecorded) await forgetOpen(secrets.vaultFolder);
    return done;
  }
  if (done.value === "already open") return ok(done.value);
  const summary = await checked;
  return summary.ok ? ok({ ...summary.value, ...done.value }) : summary;
}

function openArchive({ tar, format }: OpenedVault, limitBytes: number, only: OpenParts | undefined): Archive {
  if (only === undefined) {
    const all = normalise(tar, { limitBytes, format, openFolders: true });
    return { ...all, whole: all.summary };
  }
  const all = normalise(tar, { limitBytes: Number.MAX_SAFE_INTEGER, format });
  const wanted = filterTar(all.tar, (path) => isOpen(path, only));
  return { ...normalise(wanted, { limitBytes, format, openFolders: true }), whole: all.summary };
}

/** Reports paths in the home that were not linked into the RAM folder, because a file or folder is already there. */
export function reportUnlinked(
  terminal: Terminal,
  { folder }: SecretsFolder,
  paths: readonly string[],
): void {
  for (const path of paths)
    terminal.print(
      `~/${path} already exists in the container and was not replaced. The vault's copy is ${folder}/${path}.`,
    );
}
