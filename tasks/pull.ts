#!/usr/bin/env node
import { ok, type Result } from "../lib/failure/result.js";
import { vanishedFailure } from "../lib/remote/last-synced.js";
import { noRemoteReason } from "../lib/remote/local-vault.js";
import { readState } from "../lib/vault/vault-state.js";
import { pull } from "../lib/remote/pull.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { isOffline, vaultCurrent } from "../lib/session/staleness.js";
import { tellInvalidState } from "../lib/session/invalid-state.js";
import { meter } from "../lib/host/work-meter.js";
import { formatBytes } from "../lib/host/human.js";
import { fromFailure } from "../lib/run/checks.js";
import { fails, holds, unknown, type StepCheck, type StepContext } from "../lib/session/step.js";

/** Fetches the remote's vault. It replaces unpushed work only with --force, and then keeps a copy. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { project, options, signal } = context;
  await tellInvalidState(context);
  const remote = await context.remote();
  const progress = meter("received");
  const pulled = await pull({ remote, folder: project.vaultFolder, force: options.force, signal, progress });
  if (!pulled.ok) return pulled;
  context.session.remoteCheck.isNeedless = true;
  const { object, changed, backup } = pulled.value;
  if (backup !== undefined) context.terminal.print(`The previous vault is kept as ${backup}.`);
  return ok(
    changed
      ? `Vault pulled from ${remote.url}: ${formatBytes(object.bytes)}`
      : `The vault is the one at ${remote.url} already`,
  );
}

const vaultRemote: StepCheck = async (context) => {
  const { project, remote, signal } = context;
  if (isOffline(context)) return unknown("not asked: --offline");
  const { url, head } = await remote().then((opened) => ({ url: opened.url, head: opened.head(signal) }));
  const [found, state] = [await head, await readState(project.vaultFolder)];
  if (found.state === "unknown") return fromFailure(found.failure);
  const vanished = state.ok ? vanishedFailure(found, state.value.state.pushed, url) : undefined;
  if (vanished !== undefined) return fromFailure(vanished);
  if (found.state === "present") return holds(`${url} has a vault`);
  return fails(url === "none" ? noRemoteReason : `${url} has no vault`);
};

export const checks = { "vault-remote": vaultRemote, "vault-current": vaultCurrent };

runWhenMain(import.meta.url);
