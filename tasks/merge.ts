#!/usr/bin/env node
import { createTemp, type TempFile } from "../lib/host/temp-file.js";
import { fetchAncestor } from "../lib/remote/ancestor.js";
import { fetchVault } from "../lib/remote/fetch.js";
import type { Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { vaultDiverged } from "../lib/run/freshness.js";
import { otherPassphrase, vaultPassphrase } from "../lib/run/passphrase.js";
import { publish } from "../lib/run/publish.js";
import type { StepContext } from "../lib/run/step.js";
import { archiveLimit } from "../lib/vault/limit.js";
import { type Merged, mergeInto } from "../lib/vault/merge-into.js";
import { changeState, type PushedRecord, readState, withPushed } from "../lib/vault/state.js";
import { cleanLeftovers, vaultFileName } from "../lib/vault/store.js";
import { run as push } from "./push.js";

/** Makes one vault of the one here and the remote's. A merge that is cut short has changed nothing, or is done. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { vaultFolder } = context.project;
  await cleanLeftovers(vaultFolder);
  const theirs = await createTemp(vaultFolder, vaultFileName);
  if (!theirs.ok) return theirs;
  try {
    const merged = await merge(context, theirs.value);
    if (!merged.ok) return merged;
    tell(merged.value, context);
  } finally {
    await theirs.value.discard();
  }
  context.session.isNews = true;
  return publish(context, push);
}

async function merge(context: StepContext, temp: TempFile): Promise<Result<Merged>> {
  const { project, session, signal } = context;
  const { vaultFolder: folder, vaultFile: path } = project;
  const remote = await context.remote();
  const state = await readState(folder);
  if (!state.ok) return state;
  const { pushed } = state.value.state;
  const fetched = await fetchVault((request) => remote.download(request), temp, { name: remote.url, signal });
  if (!fetched.ok) return fetched;
  const { object, sha256 } = fetched.value;
  const ours = await vaultPassphrase(context, "Passphrase of the vault:");
  if (!ours.ok) return ours;
  const theirs = await otherPassphrase(context, ours.value, temp.path, "Passphrase of the remote's vault:");
  if (!theirs.ok) return theirs;
  const ancestor = await fetchAncestor(remote, folder, pushed, signal);
  if (!ancestor.ok) return ancestor;
  const seen = pushed?.remote === remote.url ? (pushed.generation ?? 0) : 0;
  const generation = Math.max(object.generation ?? 0, seen);
  const merged = await mergeInto({
    ours: { path, passphrase: ours.value },
    theirs: { path: temp.path, passphrase: theirs.value },
    ...(ancestor.value === undefined ? {} : { base: ancestor.value.path }),
    folder,
    limitBytes: archiveLimit(project.config.secretsBytes),
    generation,
  });
  await ancestor.value?.discard();
  if (!merged.ok) return merged;
  session.keep(merged.value.passphrase);
  // what is pushed next replaces exactly what was merged
  const record: PushedRecord = {
    remote: remote.url,
    sha256,
    etag: object.etag,
    at: object.modified.toISOString(),
    ...(object.writeId === undefined ? {} : { writeId: object.writeId }),
    ...(generation === 0 ? {} : { generation }),
  };
  const noted = await changeState(folder, (before) => withPushed(before, record));
  return noted.ok ? merged : noted;
}

function tell({ conflicts, fromOurs, fromTheirs, kept, hasBase }: Merged, { terminal }: StepContext): void {
  if (!hasBase)
    terminal.say("The last vault that both come from is not to be had, so nothing counts as removed.");
  terminal.say(
    `✔ merged: ${fromOurs.length} changed here, ${fromTheirs.length} there, ${conflicts.length} in conflict`,
  );
  for (const { path, kept: names } of conflicts)
    terminal.say(
      names.length === 1 && names[0] === path
        ? `  ${JSON.stringify(path)} was removed on one side and changed on the other: it is kept`
        : `  ${JSON.stringify(path)} was changed on both sides: ${names.map((name) => JSON.stringify(name)).join(" and ")}`,
    );
  terminal.say(`The vault that was here is kept as ${kept}.`);
}

export const checks = { "vault-diverged": vaultDiverged };

alone(import.meta.url);
