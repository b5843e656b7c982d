import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Secret } from "../../lib/host/secret.js";
import { openRemote } from "../../lib/remote/open-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import type { Remote } from "../../lib/remote/remote-types.js";
import { checkDescent, settleArrival } from "../../lib/vault/arrival.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { sealInto } from "../../lib/vault/seal-into.js";
import type { VaultFormat } from "../../lib/vault/vault-format.js";
import { newFolder } from "./folder.js";
import { value } from "./result.js";
import { filesIn, tarOf } from "./vault-of-files.js";

/** Vaults of two hosts that share a folder as their remote. */

export const passphrase = Secret.fromText("correct horse battery");
export const signal: AbortSignal = new AbortController().signal;
export const vault = (folder: string): string => join(folder, "vault.tar.aes");

/** Seals these files as the next generation of the vault in a folder. */
export async function save(
  folder: string,
  files: Readonly<Record<string, string>>,
  format: VaultFormat = "age",
): Promise<void> {
  const before = await inspectVault(vault(folder), passphrase);
  const from = before.ok
    ? {
        generation: before.value.summary.manifest?.generation ?? 0,
        parent: {
          sealed: before.value.sha256,
          content: before.value.summary.digest,
        },
      }
    : undefined;
  const source = () => tarOf(new Map(Object.entries(files)));
  value(
    await sealInto({
      ...{ folder, source, passphrase, format, limitBytes: 2 ** 20 },
      ...(from === undefined ? {} : { from }),
    }),
  );
}

export async function content(folder: string): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await filesIn(vault(folder), passphrase)).files);
}

/** Opens a folder's vault as an unlock does. */
export async function open(folder: string) {
  const { sha256, summary } = value(await inspectVault(vault(folder), passphrase));
  const opened = {
    sha256,
    content: summary.digest,
    manifest: summary.manifest,
  };
  const checked = await checkDescent(folder, opened);
  return checked.ok ? settleArrival(folder, opened) : checked;
}

export const remoteIn = (disk: string): Promise<Remote> =>
  openRemote({
    url: pathToFileURL(join(disk, "vault.tar.aes")).href,
    region: "x",
  });

/** Two hosts that have the vault `{ key: "1" }` of a folder, and opened it. */
export async function twoHosts() {
  const disk = await newFolder("disk");
  const remote = await remoteIn(disk);
  const [here, there] = [await newFolder("here"), await newFolder("there")];
  await save(there, { key: "1" });
  value(await push({ remote, folder: there, host: "there" }));
  value(await pull({ remote, folder: here }));
  value(await open(here));
  return { disk, remote, here, there };
}
