import type { Readable } from "node:stream";
import { fail, ok, type Result } from "../result.js";
import type { Secret } from "../secret.js";
import { type ArchiveSummary, normalise } from "./archive.js";
import type { VaultFormat } from "./format.js";
import { openVault } from "./open.js";
import { sealVault, type Write } from "./seal.js";
import { type Replacement, replaceVault } from "./store.js";

/** A tar of unknown make. */
interface TarSource {
  readonly tar: Readable;
  /** Whether whoever made the tar could read everything; asked once `tar` has ended. */
  readonly done: Promise<Result<void>>;
}

export interface SealRequest extends Pick<Replacement<unknown>, "folder" | "target" | "onStep"> {
  readonly source: () => TarSource;
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

/**
 * Seals what `source` gives, under the archive policy, into a temporary file beside the vault, opens that for proof,
 * and only then gives it the vault's name (or that of `target`). Failures: those of `normalise`, of the source, of
 * `sealVault` and of `replaceVault`; then all is as it was.
 */
export async function sealInto(request: SealRequest): Promise<Result<SealedVault>> {
  const { passphrase, limitBytes } = request;
  const replaced = await replaceVault<Sealed>({
    ...request,
    fill: (write) => seal(request, write),
    verify: (path, { summary }) => verify(path, summary.digest, passphrase, limitBytes),
  });
  return replaced.ok ? ok({ ...replaced.value.filled, path: replaced.value.path }) : replaced;
}

async function seal(request: SealRequest, write: Write): Promise<Result<Sealed>> {
  const { source, passphrase, format, limitBytes } = request;
  const { tar, done } = source();
  const archive = normalise(tar, { limitBytes, format });
  const [sha256, summary, complete] = await Promise.all([
    sealVault(archive.tar, passphrase, format, write),
    archive.summary,
    done,
  ]);
  // a source that could not read everything says more than the archive that it cut short
  if (!complete.ok && (sha256.ok || sha256.failure.kind === "archive-refused")) return complete;
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
