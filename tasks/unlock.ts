#!/usr/bin/env node
import { clear } from "../lib/enclave/clear.js";
import { marker } from "../lib/enclave/marker.js";
import { recordedOpen, recordOpen } from "../lib/enclave/open-record.js";
import { pushed } from "../lib/remote/local.js";
import type { Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { bytesOf, count } from "../lib/run/bytes.js";
import { cannotTell } from "../lib/run/checks.js";
import { withPassphrase } from "../lib/run/passphrase.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";
import { unpack } from "../lib/run/unpack.js";
import { archiveLimit } from "../lib/vault/limit.js";
import { cleanLeftovers } from "../lib/vault/store.js";

/** Opens the local vault into the RAM folder: completely, or not at all. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, terminal, signal } = context;
  const limitBytes = archiveLimit(project.config.secretsBytes);
  await cleanLeftovers(project.vaultFolder);
  const [enclave, state] = [await context.enclave(), await context.container()];
  if (!enclave.ok) return enclave;
  if (!state.ok) return state;
  const unpacked = await withPassphrase(context, "Passphrase of the vault:", (passphrase) =>
    unpack(enclave.value, { vault: project.vaultFile, passphrase, limitBytes, signal }),
  );
  if (!unpacked.ok) return unpacked;
  const noted = await recordOpen(project.vaultFolder, state.value);
  if (!noted.ok) {
    // where nothing can be written nothing could be saved; what somebody else opened is theirs
    const closed = unpacked.value === "already open" ? noted : await clear(enclave.value);
    return closed.ok ? noted : closed;
  }
  if (unpacked.value !== "already open") {
    const { files, bytes, dropped } = unpacked.value;
    for (const path of dropped) terminal.say(`Left out of what was unlocked: ${path}`);
    terminal.say(`✔ unlocked: ${count(files)}, ${bytesOf(bytes)}, in ${enclave.value.folder}`);
  }
  await sayWhatWaits(context);
  return noted;
}

async function sayWhatWaits({ project, session, terminal }: StepContext): Promise<void> {
  if (session.isNews) return;
  const { state, reason } = await pushed(project.vaultFolder, project.config.remote.url);
  if (state === "false") terminal.say(`Not pushed yet: ${reason}. It is pushed when you leave.`);
}

const vaultOpen: StepCheck = async (context) => {
  const { project } = context;
  const state = await context.container();
  if (!state.ok) return cannotTell(state.failure);
  const recorded = await recordedOpen(project.vaultFolder, state.value);
  if (recorded.ok && recorded.value) return holds("the vault is open");
  const enclave = await context.enclave();
  if (!enclave.ok) return cannotTell(enclave.failure);
  const found = await marker(enclave.value);
  if (!found.ok) return cannotTell(found.failure);
  if (found.value === "closed") return fails("the vault is locked");
  return holds(found.value === "closing" ? "locking the vault did not come to its end" : "the vault is open");
};

export const checks = { "vault-open": vaultOpen };

alone(import.meta.url);
