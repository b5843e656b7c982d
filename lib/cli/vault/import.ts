import { printJson } from "../../host/screen.js";
import { basename } from "node:path";
import { type FileStat, makeFolder, openRead, readBytes, stat, keepBackup } from "../../host/files.js";
import { piped } from "../../host/process.js";
import { fail, ok, type Result, take } from "../../failure/result.js";
import { requireStillClosed } from "../../session/open-in-shell.js";
import { choosePassphrase } from "../../session/ask-passphrase.js";
import { interpretTar, noTarWarnings } from "../../vault/archive/tar-warnings.js";
import { entryBytes, tarStream } from "../../vault/archive/tar-entries.js";
import { isTar, type TarEntry } from "../../vault/archive/tar-header.js";
import { archiveLimit } from "../../vault/archive/entry-policy.js";
import { omittedPaths, sealInto, type TarSource } from "../../vault/seal-into.js";
import { readState } from "../../vault/vault-state.js";
import { Readable } from "node:stream";
import { printable } from "../../host/printable.js";
import { formatBytes, formatFileCount } from "../../host/human.js";
import { detectOtherFormat } from "../../vault/vault-format.js";
import type { VaultCommand } from "./vault-command.js";

/**
 * `tazpod vault import FILE`: creates a new vault from a folder, a tar, or a file that is no archive. An existing vault is replaced only with
 * --force.
 */
export async function importVault({ words, context, json }: VaultCommand): Promise<Result<void>> {
  const [path = ""] = words;
  const { project, options } = context;
  const here = await stat(project.vaultFile);
  if (!here.ok) return here;
  if (here.value !== undefined && !options.force)
    return fail({ kind: "vault-exists", path: project.vaultFile });
  const closed = await requireStillClosed(context);
  if (!closed.ok) return closed;
  const found = await stat(path);
  if (!found.ok) return found;
  if (found.value === undefined || found.value.kind === "other")
    return fail({ kind: "usage", message: `${path} is neither a folder nor a file.` });
  if (found.value.kind === "file") {
    const packed = await detectOtherFormat(path);
    if (!packed.ok) return packed;
    if (packed.value !== undefined)
      return fail({
        kind: "usage",
        message: `${path} is not a plain tar archive: ${packed.value}.`,
        hint: "Unpack it to a folder in RAM, for example in /dev/shm, and import that.",
      });
  }
  const file = found.value.kind === "file" ? await singleFile(path, found.value) : ok(undefined);
  if (!file.ok) return file;
  const source = (): TarSource =>
    found.value?.kind === "folder"
      ? folder(path, context.signal, options.skipUnreadable)
      : plainTar(file.value?.() ?? Readable.from(archive(path), { objectMode: false }));
  const passphrase = await choosePassphrase(context);
  if (!passphrase.ok) return passphrase;
  const made = await makeFolder(project.vaultFolder);
  if (!made.ok) return made;
  const state = await readState(project.vaultFolder);
  if (!state.ok) return state;
  const { newest, sealed: own, pushed } = state.value.state;
  const generation = Math.max(0, ...[newest, own, pushed].map((record) => record?.generation ?? 0));
  let kept: string | undefined;
  const sealed = await sealInto({
    folder: project.vaultFolder,
    source,
    passphrase: passphrase.value,
    format: project.config.vaultFormat,
    limitBytes: archiveLimit(project.config.secretsBytes),
    lenient: options.skipUnreadable,
    // other hosts take a lower generation for an old copy
    from: { generation },
    target: async () => {
      const stillClosed = await requireStillClosed(context);
      if (!stillClosed.ok) return stillClosed;
      const backup = await backUp(project.vaultFile, options.force);
      if (!backup.ok) return backup;
      kept = backup.value;
      return ok(project.vaultFile);
    },
  });
  if (!sealed.ok) return sealed;
  const { files, bytes } = sealed.value.summary;
  const dropped = omittedPaths(sealed.value);
  if (json) printJson({ outcome: "done", files, bytes, dropped, kept });
  else {
    if (dropped.length > 0) context.terminal.print(`Left out: ${dropped.map(printable).join(", ")}`);
    if (kept !== undefined) context.terminal.print(`The previous vault is kept as ${kept}.`);
    context.terminal.print(`✔ Vault imported: ${formatFileCount(files)}, ${formatBytes(bytes)}`);
  }
  return ok(undefined);
}

async function* archive(path: string): AsyncGenerator<Buffer> {
  yield* take(await openRead(path)) as AsyncIterable<Buffer>;
}

function plainTar(tar: Readable): TarSource {
  return { tar, done: Promise.resolve(ok(noTarWarnings)) };
}

/** Returns a file that is no archive, such as `.env`, as the only one of a tar; undefined for an archive. */
async function singleFile(
  path: string,
  { mode, modified }: FileStat,
): Promise<Result<(() => Readable) | undefined>> {
  const head = await openRead(path, { start: 0, end: 511 });
  if (!head.ok) return head;
  if (isTar(Buffer.concat(await (head.value as Readable).toArray()))) return ok(undefined);
  const read = await readBytes(path);
  if (!read.ok) return read;
  const bytes = read.value ?? Buffer.alloc(0);
  const entry: TarEntry = {
    ...{ path: basename(path), type: "file", mode: mode & 0o777, size: bytes.length },
    mtime: Math.floor(modified.getTime() / 1000),
  };
  async function* content(): AsyncGenerator<Buffer> {
    yield bytes;
  }
  return ok(() => tarStream(entryBytes({ entry, content })));
}

function folder(path: string, signal: AbortSignal, lenient: boolean): TarSource {
  const { stdout, done } = piped(["tar", "-c", "-f", "-", "-C", path, "."], { signal, env: { LC_ALL: "C" } });
  return {
    tar: stdout,
    done: done.then((result) =>
      result.ok ? interpretTar(result.value.code, result.value.stderr, lenient) : result,
    ),
  };
}

/** Backs up an existing vault; returns its new path, or undefined if there is none. */
async function backUp(path: string, force: boolean): Promise<Result<string | undefined>> {
  const here = await stat(path);
  if (!here.ok) return here;
  if (here.value === undefined) return ok(undefined);
  return force ? keepBackup(path) : fail({ kind: "vault-exists", path });
}
