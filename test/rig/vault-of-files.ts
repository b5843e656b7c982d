import { Readable } from "node:stream";
import { ok } from "../../lib/failure/result.js";
import type { Secret } from "../../lib/host/secret.js";
import { normalise } from "../../lib/vault/archive/normalise.js";
import { noTarWarnings } from "../../lib/vault/archive/tar-warnings.js";
import type { Manifest } from "../../lib/vault/archive/manifest.js";
import { openVault } from "../../lib/vault/open-vault.js";
import type { TarSource } from "../../lib/vault/seal-into.js";
import { endOfTar, padding, tarHeader } from "../../lib/vault/archive/tar-header.js";
import type { Contents } from "./edit-log.js";
import { drain, readTar } from "./read-tar.js";
import { value } from "./result.js";

/** These files as a tar to be sealed. */
export function tarOf(files: Contents): TarSource {
  const pieces = [...files].flatMap(([path, content]) => {
    const bytes = Buffer.from(content);
    const entry = { path, type: "file", mode: 0o600, size: bytes.length, mtime: 0 } as const;
    return [tarHeader(entry), bytes, padding(bytes.length)];
  });
  return { tar: Readable.from([...pieces, endOfTar]), done: Promise.resolve(ok(noTarWarnings)) };
}

export interface ReadVault {
  readonly files: Contents;
  readonly digest: string;
  readonly manifest?: Manifest;
}

/** The files in a sealed vault. */
export async function filesIn(path: string, passphrase: Secret): Promise<ReadVault> {
  const opened = value(await openVault(path, passphrase));
  const { tar, summary } = normalise(opened.tar, { limitBytes: 2 ** 24, format: opened.format });
  const entries = await readTar(await drain(tar));
  const { digest, manifest } = value(await summary);
  const files = entries.filter(({ type }) => type === "file");
  return {
    files: new Map(files.map(({ name, content }) => [name, content.toString()])),
    digest,
    ...(manifest === undefined ? {} : { manifest }),
  };
}
