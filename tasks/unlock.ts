#!/usr/bin/env node
import { clear } from "../lib/enclave/clear.js";
import { marker } from "../lib/enclave/marker.js";
import { forgetOpen, recordedOpen, recordOpen } from "../lib/enclave/open-record.js";
import { pushed } from "../lib/remote/local.js";
import { exclusively } from "../lib/project/project-lock.js";
import { isInUse, joinSession } from "../lib/project/sessions.js";
import { plain } from "../lib/plain.js";
import { fail, ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { bytesOf, count } from "../lib/run/bytes.js";
import { sayUnlinked } from "../lib/run/bridges.js";
import { cannotTell } from "../lib/run/checks.js";
import { openMore } from "../lib/run/open-more.js";
import { wantedOpening } from "../lib/run/parts.js";
import { withPassphrase } from "../lib/run/passphrase.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";
import { unpack } from "../lib/run/unpack.js";
import { closedParts } from "../lib/vault/parts.js";
import { archiveLimit } from "../lib/vault/limit.js";
import { cleanLeftovers } from "../lib/vault/store.js";

/** Opens the local vault into the RAM folder: completely, or not at all. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, terminal, session, signal } = context;
  const opening = wantedOpening(project, context.options);
  if (!opening.ok) return opening;
  await cleanLeftovers(project.vaultFolder);
  const [enclave, state] = [await context.enclave(), await context.container()];
  if (!enclave.ok) return enclave;
  if (!state.ok) return state;
  const limitBytes = archiveLimit(enclave.value.secretsBytes);
  const unpacked = await withPassphrase(context, "Passphrase of the vault:", (passphrase) =>
    exclusively(project.vaultFolder, signal, async () => {
      const vault = { vault: project.vaultFile, passphrase, limitBytes, opening: opening.value, signal };
      const done = await unpack(enclave.value, vault);
      if (!done.ok) return done;
      const noted = await recordOpen(project.vaultFolder, state.value);
      // who leaves in this moment is not to lock it before the shell is there
      const joined = noted.ok ? await joinSession(project.vaultFolder, [], "arriving") : noted;
      if (joined.ok) session.leave = joined.value;
      if (noted.ok) return done;
      // where nothing can be written nothing could be saved; what somebody else opened is theirs
      const closed = done.value === "already open" ? noted : await clear(enclave.value);
      return closed.ok ? noted : closed;
    }),
  );
  if (!unpacked.ok) {
    const { failure } = unpacked;
    const isRoom = enclave.value.secretsBytes < project.config.secretsBytes;
    return isRoom && failure.kind === "archive-too-large" ? fail({ ...failure, lacksRam: true }) : unpacked;
  }
  session.sawOpen = true;
  if (unpacked.value === "already open") {
    const more = await openMore(context, enclave.value);
    if (!more.ok) return more;
  } else {
    session.unlocked = true;
    session.openedParts = context.options.parts;
    const { files, bytes, dropped, unlinked } = unpacked.value;
    for (const path of dropped) terminal.say(`Left out of what was unlocked: ${plain(path)}`);
    sayUnlinked(terminal, enclave.value, unlinked);
    const closed = opening.value === undefined ? [] : closedParts(opening.value);
    const without = closed.length === 0 ? "" : `, without ${closed.join(", ")}`;
    terminal.say(`✔ unlocked: ${count(files)}, ${bytesOf(bytes)}, in ${enclave.value.folder}${without}`);
  }
  await sayWhatWaits(context);
  return ok(undefined);
}

async function sayWhatWaits({ project, session, terminal }: StepContext): Promise<void> {
  if (session.isNews) return;
  const { state, reason } = await pushed(project.vaultFolder, project.config.remote.url);
  if (state === "false") terminal.say(`Not pushed yet: ${reason}. It is pushed when you leave.`);
}

const vaultOpen: StepCheck = async (context) => {
  const found = await isOpen(context);
  context.session.sawOpen = found.state === "true";
  return found;
};

const isOpen: StepCheck = async (context) => {
  const { project, session } = context;
  const state = await context.container();
  if (!state.ok) return cannotTell(state.failure);
  const recorded = await recordedOpen(project.vaultFolder, state.value);
  const isNoted = recorded.ok && recorded.value;
  // with nobody there it may have been closed from inside
  if (isNoted && (session.sawOpen || (await isInUse(project.vaultFolder)))) return holds("the vault is open");
  const enclave = await context.enclave();
  if (!enclave.ok) return cannotTell(enclave.failure);
  const found = await marker(enclave.value);
  if (!found.ok) return cannotTell(found.failure);
  if (found.value === "closed") {
    if (isNoted) await forgetOpen(project.vaultFolder);
    return fails("the vault is locked");
  }
  return holds(found.value === "closing" ? "locking the vault did not come to its end" : "the vault is open");
};

export const checks = { "vault-open": vaultOpen };

alone(import.meta.url);
