#!/usr/bin/env node
import { utc } from "../lib/failure/utc.js";
import { Readable } from "node:stream";
import { makeFolder, stat } from "../lib/host/files.js";
import { withProjectLock } from "../lib/project/project-lock.js";
import { fail, ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { choosePassphrase } from "../lib/session/ask-passphrase.js";
import type { StepContext } from "../lib/session/step.js";
import type { Remote } from "../lib/remote/remote-types.js";
import { archiveLimit } from "../lib/vault/archive/entry-policy.js";
import { sealInto } from "../lib/vault/seal-into.js";
import { noTarWarnings } from "../lib/vault/archive/tar-warnings.js";
import { endOfTar } from "../lib/vault/archive/tar-header.js";

/** Creates a new, empty vault, unless there is one here or at the remote. */
export async function run(context: StepContext): Promise<Result<string>> {
  const { project, signal } = context;
  const free = await isFree(project.vaultFile);
  if (!free.ok) return free;
  const remote = await context.remote();
  const there = await remote.head(signal);
  if (there.state === "unknown") return fail(there.failure);
  if (there.state === "present") return fail({ kind: "vault-exists", path: remote.url });
  await tellCopies(context, remote);
  const passphrase = await choosePassphrase(context);
  if (!passphrase.ok) return passphrase;
  const made = await makeFolder(project.vaultFolder);
  if (!made.ok) return made;
  const sealed = await withProjectLock(project.vaultFolder, signal, () =>
    sealInto({
      folder: project.vaultFolder,
      source: () => ({ tar: Readable.from([endOfTar]), done: Promise.resolve(ok(noTarWarnings)) }),
      passphrase: passphrase.value,
      format: project.config.vaultFormat,
      limitBytes: archiveLimit(project.config.secretsBytes),
      // one may have come while the passphrase was typed
      target: async () => {
        const free = await isFree(project.vaultFile);
        return free.ok ? ok(project.vaultFile) : free;
      },
    }),
  );
  if (!sealed.ok) return sealed;
  context.session.remoteCheck.isNeedless = true;
  return ok("Vault created");
}

async function isFree(path: string): Promise<Result<void>> {
  const here = await stat(path);
  if (!here.ok) return here;
  return here.value === undefined ? ok(undefined) : fail({ kind: "vault-exists", path });
}

/** Tells of copies that the remote has of earlier vaults, before a passphrase is chosen. It need not be able to list them. */
async function tellCopies({ terminal, signal }: StepContext, remote: Remote): Promise<void> {
  const copies = remote.url === "none" ? ok([]) : await remote.history.list(signal);
  const [newest] = copies.ok ? copies.value : [];
  if (newest === undefined) return;
  terminal.warn(
    `There is no vault at ${remote.url}, but copies of earlier ones, the newest of ${utc(newest.at)}. \`tazpod restore --at 1\` makes that one the vault again.`,
  );
}

runWhenMain(import.meta.url);
