import { Readable } from "node:stream";
import { put } from "../enclave/put.js";
import type { Enclave, Marker } from "../enclave/types.js";
import { now } from "../host/clock.js";
import { ok, type Result, take } from "../result.js";
import type { Secret } from "../secret.js";
import { type ArchiveSummary, normalise } from "../vault/archive.js";
import { openVault } from "../vault/open.js";

interface Request {
  /** The path of the sealed file. */
  readonly vault: string;
  readonly passphrase: Secret;
  readonly limitBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a sealed vault into the RAM folder: completely, or not at all. Most of the time the key takes; what unpacks in the
 * container is started meanwhile, and waits for it. Failures: those of `openVault`, before all others; of `normalise` and
 * of `put`.
 */
export async function unpack(
  enclave: Enclave,
  { vault, passphrase, limitBytes, signal }: Request,
): Promise<Result<ArchiveSummary | "already open">> {
  const opening = openVault(vault, passphrase);
  const archive = opening.then((opened) => {
    if (!opened.ok) return opened;
    const { tar, format } = opened.value;
    return ok(normalise(tar, { limitBytes, format, openFolders: true }));
  });
  async function* content(): AsyncGenerator<Buffer> {
    yield* take(await archive).tar as AsyncIterable<Buffer>;
  }
  const tar = Readable.from(content(), { objectMode: false });
  // also when it was closed before anything could be read
  tar.once("close", () => void archive.then((made) => made.ok && made.value.tar.destroy()));
  const checked = archive.then((made) => (made.ok ? made.value.summary : made));
  const mark = async (digest: string): Promise<Marker> => {
    const [opened, summary] = [take(await opening), take(await checked)];
    const generation = summary.manifest?.generation ?? 0;
    return { version: 1, digest, base: opened.sha256(), generation, openedAt: now().toISOString() };
  };
  const done = await put(enclave, { tar, checked }, mark, signal);
  // before all else: a passphrase that opens nothing must not be kept
  const opened = await opening;
  if (!opened.ok) return opened;
  if (!done.ok) return done;
  return done.value === "already open" ? ok(done.value) : checked;
}
