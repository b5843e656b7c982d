#!/usr/bin/env node
import { fileHash } from "../lib/host/file-hash.js";
import { keepBackup } from "../lib/host/backup.js";
import { makeFolder, stat } from "../lib/host/files.js";
import { copyAt, fetchCopy, numberedCopies } from "../lib/remote/copies.js";
import { isPushed, readLocal } from "../lib/remote/local.js";
import { fail, ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { otherPassphrase, vaultPassphrase, withPassphrase } from "../lib/run/passphrase.js";
import { publish } from "../lib/run/publish.js";
import type { StepContext } from "../lib/run/step.js";
import type { Secret } from "../lib/secret.js";
import { contentOf, inspectVault } from "../lib/vault/inspect.js";
import { sealInto } from "../lib/vault/seal-folder.js";
import { changeState, withPushed } from "../lib/vault/state.js";
import { cleanLeftovers } from "../lib/vault/store.js";
import { run as push } from "./push.js";

/**
 * Makes a copy of the history the vault here, as a new generation: the push after it is like any other. A vault here
 * that was not pushed stays, unless forced, and is then kept beside it.
 */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { project, options, signal, terminal, session } = context;
  const { vaultFolder: folder, vaultFile: path } = project;
  if (options.at === undefined)
    return fail({
      kind: "usage",
      message: "restore takes --at N or --at TIME.",
      hint: "`tazpod history` lists the copies.",
    });
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  await cleanLeftovers(folder);
  const remote = await context.remote();
  const local = await readLocal(folder, signal);
  if (!local.ok) return local;
  const unpushed = local.value.sha256 !== undefined && !isPushed(local.value, remote.url);
  if (unpushed && !options.force) return fail(notPushed(path, remote.url));
  const copies = await numberedCopies(remote, signal);
  if (!copies.ok) return copies;
  const copy = copyAt(copies.value, options.at);
  if (!copy.ok) return copy;
  // what a push will replace is what is there now
  const current = await remote.head(signal);
  if (current.state === "unknown") return fail(current.failure);
  const fetched = await fetchCopy(remote, copy.value.name, folder, signal);
  if (!fetched.ok) return fetched;
  const { temp } = fetched.value;
  try {
    const passphrases = await passphrasesFor(context, temp.path);
    if (!passphrases.ok) return passphrases;
    const { ofCopy, toSeal } = passphrases.value;
    const found = await inspectVault(temp.path, ofCopy);
    if (!found.ok) return found;
    const { summary, sha256, format } = found.value;
    const there = current.state === "present" ? current.object : undefined;
    const { pushed } = local.value.state;
    const seen = pushed?.remote === remote.url ? (pushed.generation ?? 0) : 0;
    const generation = Math.max(seen, there?.generation ?? 0, summary.manifest?.generation ?? 0);
    let backup: string | undefined;
    const sealed = await sealInto({
      folder,
      source: () => contentOf(temp.path, ofCopy),
      passphrase: toSeal,
      format,
      limitBytes: Number.MAX_SAFE_INTEGER,
      from: { generation, parent: { sealed: sha256, content: summary.digest } },
      target: async () => {
        const here = await stat(path);
        if (!here.ok) return here;
        const now = here.value === undefined ? ok(undefined) : await fileHash(path);
        if (!now.ok) return now;
        if (now.value !== local.value.sha256) return fail(notPushed(path, remote.url));
        if (!unpushed) return ok(path);
        const kept = await keepBackup(path);
        if (kept.ok) backup = kept.value;
        return kept.ok ? ok(path) : kept;
      },
    });
    if (!sealed.ok) return sealed;
    session.keep(toSeal);
    session.isNews = true;
    if (there !== undefined) {
      const noted = await changeState(folder, (before) =>
        withPushed(before, {
          remote: remote.url,
          sha256: there.sha256 ?? unknownHash,
          etag: there.etag,
          at: there.modified.toISOString(),
          ...(there.writeId === undefined ? {} : { writeId: there.writeId }),
          ...(generation === 0 ? {} : { generation }),
        }),
      );
      if (!noted.ok) return noted;
    }
    if (backup !== undefined) terminal.say(`The vault that was here is kept as ${backup}.`);
    terminal.say(
      `✔ restored: copy ${copy.value.number}, of ${copy.value.at.toISOString()}, as a new generation`,
    );
  } finally {
    await temp.discard();
  }
  return publish(context, push);
}

/** That of no file. */
const unknownHash = "0".repeat(64);

/** What was sealed before the passphrase was changed is sealed with today's again. */
async function passphrasesFor(
  context: StepContext,
  copy: string,
): Promise<Result<{ readonly ofCopy: Secret; readonly toSeal: Secret }>> {
  const here = await stat(context.project.vaultFile);
  if (!here.ok) return here;
  if (here.value === undefined) {
    const only = await withPassphrase(context, "Passphrase of that copy:", async (passphrase) => {
      const found = await inspectVault(copy, passphrase);
      return found.ok ? ok(passphrase) : found;
    });
    return only.ok ? ok({ ofCopy: only.value, toSeal: only.value }) : only;
  }
  const toSeal = await vaultPassphrase(context, "Passphrase of the vault:");
  if (!toSeal.ok) return toSeal;
  const ofCopy = await otherPassphrase(context, toSeal.value, copy, "Passphrase of that copy:");
  return ofCopy.ok ? ok({ ofCopy: ofCopy.value, toSeal: toSeal.value }) : ofCopy;
}

function notPushed(path: string, url: string) {
  return {
    kind: "conflict",
    message: `${path} has changes that were not pushed to ${url}, and they would be replaced; nothing was changed`,
    hint: "`tazpod push` brings them there first. --force keeps them beside as vault.tar.aes.bak-N.",
  } as const;
}

alone(import.meta.url);
