import { hostname } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { now } from "../host/clock.js";
import { fail, ok, type Result } from "../result.js";
import type { Secret } from "../secret.js";
import { type ArchiveSummary, normalise } from "./archive.js";
import type { VaultFormat } from "./format.js";
import type { Manifest } from "./manifest.js";
import { isCut } from "./cut.js";
import { openVault } from "./open.js";
import { sealVault, type Write } from "./seal.js";
import { changeState } from "./state.js";
import { type Replacement, replaceVault, vaultFileName } from "./store.js";

/** A tar of unknown make. */
export interface TarSource {
  readonly tar: Readable;
  /** Whether whoever made the tar could read everything; asked once `tar` has ended. */
  readonly done: Promise<Result<void>>;
}

/** What the manifest says of a vault's descent. */
interface Descent {
  /** That of the vault it was made from; 0 for a new one. */
  readonly generation: number;
  readonly parent?: Manifest["parent"];
}

export interface SealRequest extends Pick<Replacement<unknown>, "folder" | "target" | "onStep"> {
  /** Asked twice: to say first what is in the vault, and to seal it. */
  readonly source: () => TarSource;
  /** Nothing for a vault that is new. */
  readonly from?: Descent;
  readonly passphrase: Secret;
  readonly format: VaultFormat;
  readonly limitBytes: number;
}

export interface SealedVault {
  readonly path: string;
  /** Of the sealed file, hex. */
  readonly sha256: string;
  readonly summary: ArchiveSummary;
}

type Sealed = Omit<SealedVault, "path">;

const tries = 3;

/**
 * Seals what `source` gives, under the archive policy, into a temporary file beside the vault, opens that for proof,
 * and only then gives it the vault's name (or that of `target`). What changes meanwhile is read again, three times at
 * most. Failures: those of `normalise`, of the source, of `sealVault` and of `replaceVault`, and `save-incomplete` for
 * what never stood still; then all is as it was.
 */
export async function sealInto(request: SealRequest): Promise<Result<SealedVault>> {
  const { passphrase, limitBytes } = request;
  for (let attempt = 1; ; attempt++) {
    let moved = false;
    const replaced = await replaceVault<Sealed>({
      ...request,
      fill: async (write) => {
        const manifest = request.format === "age" ? await survey(request) : undefined;
        if (manifest?.ok === false) return manifest;
        const sealed = await seal(request, write, manifest?.value);
        moved = sealed.ok && manifest !== undefined && sealed.value.summary.digest !== manifest.value.digest;
        return moved ? fail({ kind: "save-incomplete", problems: [stillMoving] }) : sealed;
      },
      verify: (path, { summary }) => verify(path, summary.digest, passphrase, limitBytes),
    });
    if (replaced.ok) return noted(request, { ...replaced.value.filled, path: replaced.value.path });
    if (!moved || attempt === tries) return replaced;
  }
}

/** What is in the vault now, for the push: it has no passphrase to look. */
async function noted({ folder, from }: SealRequest, sealed: SealedVault): Promise<Result<SealedVault>> {
  if (sealed.path !== join(folder, vaultFileName)) return ok(sealed);
  const { sha256, summary } = sealed;
  const record = { sha256, generation: (from?.generation ?? 0) + 1, content: summary.digest };
  const written = await changeState(folder, (state) => ({ ...state, sealed: record }));
  return written.ok ? ok(sealed) : written;
}

const stillMoving = `files were changed each of the ${tries} times they were being read`;

async function survey({ source, limitBytes, from }: SealRequest): Promise<Result<Manifest>> {
  const { tar, done } = source();
  const archive = normalise(tar, { limitBytes, format: "age" });
  archive.tar.resume();
  const [summary, complete] = await Promise.all([archive.summary, done]);
  if (!complete.ok && (summary.ok || isCut(summary.failure))) return complete;
  if (!summary.ok) return summary;
  const { digest, entries } = summary.value;
  return ok({
    version: 1,
    generation: (from?.generation ?? 0) + 1,
    ...(from?.parent === undefined ? {} : { parent: from.parent }),
    host: hostname(),
    time: now().toISOString(),
    digest,
    entries,
  });
}

async function seal(
  request: SealRequest,
  write: Write,
  manifest: Manifest | undefined,
): Promise<Result<Sealed>> {
  const { source, passphrase, format, limitBytes } = request;
  const { tar, done } = source();
  const archive = normalise(tar, { limitBytes, format, ...(manifest === undefined ? {} : { manifest }) });
  const [sha256, summary, complete] = await Promise.all([
    sealVault(archive.tar, passphrase, format, write),
    archive.summary,
    done,
  ]);
  // a source that could not read everything says more than the archive that it cut short
  if (!complete.ok && (sha256.ok || isCut(sha256.failure))) return complete;
  if (!sha256.ok) return sha256;
  return summary.ok ? ok({ sha256: sha256.value, summary: summary.value }) : summary;
}

async function verify(
  path: string,
  digest: string,
  passphrase: Secret,
  limitBytes: number,
): Promise<Result<void>> {
  const opened = await openVault(path, passphrase);
  if (!opened.ok) return opened;
  const { tar, summary } = normalise(opened.value.tar, { limitBytes, format: opened.value.format });
  tar.resume();
  const found = await summary;
  if (!found.ok) return found;
  if (found.value.digest === digest) return ok(undefined);
  return fail({ kind: "vault-damaged", path, detail: "what was written does not hold what was sealed" });
}
