#!/usr/bin/env node
import { randomUUID } from "node:crypto";
import { forgetOpen, isRecordedOpen, lostRecord } from "../lib/secrets-folder/open-record.js";
import { readOpenState } from "../lib/secrets-folder/open-state.js";
import { endSession, vaultClosedCode } from "../lib/secrets-folder/shell-command.js";
import type { SecretsFolder } from "../lib/secrets-folder/secrets-folder.js";
import { requireReady } from "../lib/engine/container.js";
import type { ContainerState, Engine } from "../lib/engine/engine.js";
import { sleep } from "../lib/host/clock.js";
import { killedCode } from "../lib/host/process.js";
import { resultsOnTerminal } from "../lib/host/screen.js";
import { inputIsTerminal } from "../lib/host/standard-input.js";
import { otherSessions } from "../lib/project/sessions.js";
import { fail, ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { hasVariables } from "../lib/session/vault-variables.js";
import { startCompanion } from "../lib/session/companion.js";
import { fromFailure } from "../lib/run/checks.js";
import { lateRemoteChange } from "../lib/session/staleness.js";
import { finishLocking, joinShells, type JoinedSession } from "../lib/session/join-session.js";
import { offerNewShell } from "../lib/session/reconnect.js";
import { exitCodeOf, runInside } from "../lib/session/run-inside.js";
import { shellEnvironment } from "../lib/session/shell-environment.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/session/step.js";

/** Opens a shell in the container, or runs the command after `--`. Its exit code becomes this step's. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { session, terminal } = context;
  const isMasked = hasVariables(context.options);
  const tty = inputIsTerminal() && resultsOnTerminal() && !isMasked;
  // starts now, since joining takes a moment too
  const environment = shellEnvironment(context, tty);
  const joined = await joinVault(context);
  const { env, end } = await environment;
  if (!joined.ok) return (await end(), joined);
  const { secrets, open, leave } = joined.value;
  let id = randomUUID();
  const companion = startCompanion(context, secrets, open, () => endSession(secrets, id));
  // the shell may change the workspace
  session.workspace.syncedVolume = undefined;
  const isShell = tty && context.options.args.length === 0;
  if (isShell) terminal.print(entryNote(context, joined.value));
  const start = (): ReturnType<typeof runInside> =>
    runInside(context, secrets, { open, tty, env: { ...env, TAZPOD_SESSION: id } });
  let done = await start();
  if (isShell) {
    while (!done.ok && (await offerNewShell(context, secrets, { failure: done.failure, session: id }))) {
      id = randomUUID();
      done = await start();
    }
  }
  await end();
  session.vault.isLeaving = true;
  const wasIdle = await companion.stop();
  await leave();
  const news = await lateRemoteChange(context);
  if (news !== undefined) terminal.print(news);
  if (isShell && open) await tellWhoElse(context);
  if (wasIdle) return ok(undefined);
  // the engine's client may notice a closed terminal first, and then ends with a code of its own
  const hungUp = tty && !terminal.interactive;
  const code = await exitCodeOf(context, secrets, id, done, hungUp);
  if (!code.ok) return code;
  return code.value === 0 ? ok(undefined) : explainExit(context, open, code.value);
}

/** Says whether the vault is open, what is saved when, and what leaving does. */
function entryNote(
  { project, options, session: { passphrase } }: StepContext,
  { open, alone, secrets: { folder } }: JoinedShell,
): string {
  const { session, remote } = project.config;
  if (!open) return `The vault is locked: files put in ${folder} are not saved.`;
  const file = options.passphraseFile ?? process.env["TAZPOD_PASSPHRASE_FILE"];
  // otherwise nothing can be sealed before it is asked for
  const hasPassphrase = passphrase.isGiven || !alone || file !== undefined;
  const saved =
    hasPassphrase && session.autosaveMs > 0
      ? `every ${session.autosaveMs / 1000} s and when you leave`
      : "when you leave";
  const pushed = remote.url === "none" || options.offline ? "" : ` pushed to ${remote.url} and`;
  return `The vault is open in ${folder}. It is saved ${saved}, then${pushed} locked.`;
}

/** The session, and where its secrets are. */
type JoinedShell = JoinedSession & { readonly secrets: SecretsFolder };

async function joinVault(context: StepContext): Promise<Result<JoinedShell>> {
  const [secrets, state] = [await context.secrets(), await context.container()];
  if (!secrets.ok) return secrets;
  if (!state.ok) return state;
  const joined = await joinShells(context, secrets.value, state.value);
  return joined.ok ? ok({ ...joined.value, secrets: secrets.value }) : joined;
}

/** Tells a command's own exit code from a vault or container that disappeared. */
async function explainExit(context: StepContext, wasOpen: boolean, code: number): Promise<Result<void>> {
  const { project, options } = context;
  const name = project.config.containerName;
  const state = await settledState(await context.engine(), name, code);
  if (!state.ok) return state;
  if (state.value.state !== "running") return fail({ kind: "container-gone", name, unsaved: wasOpen });
  const still = wasOpen ? await isRecordedOpen(project.vaultFolder, state.value) : ok(true);
  const secrets = await context.secrets();
  // the vault may be open although its record was lost
  if (still.ok && !still.value && !(secrets.ok && (await lostRecord(secrets.value))))
    return fail({ kind: "container-gone", name, unsaved: true, restarted: true });
  if (code === vaultClosedCode && secrets.ok) {
    const found = await readOpenState(secrets.value);
    if (found.ok && found.value === "closing") return finishLocking(context, secrets.value);
    if (wasOpen && found.ok && found.value === "closed") {
      await forgetOpen(project.vaultFolder);
      return fail({ kind: "vault-vanished" });
    }
  }
  return fail({
    kind: "exit-code",
    command: options.args.length > 0 ? `\`${options.args.join(" ")}\`` : "The shell",
    code,
  });
}

/** Returns the container's state. After a SIGKILL it waits until the engine has finished a removal. */
async function settledState(engine: Engine, name: string, code: number): Promise<Result<ContainerState>> {
  for (let waits = code === killedCode ? 10 : 0; ; waits -= 1) {
    const state = requireReady(engine, name, await engine.inspect(name));
    if (waits === 0 || !state.ok || state.value.state !== "running") return state;
    await sleep(150);
  }
}

/** Tells why the vault stays open, if it does. */
async function tellWhoElse({ project, terminal }: StepContext): Promise<void> {
  const found = await otherSessions(project.vaultFolder);
  const others = found.ok ? found.value : [];
  const shell = others.find(({ starting }) => !starting);
  const other = shell ?? others[0];
  if (other === undefined) return;
  terminal.print(
    shell === undefined
      ? `Another tazpod works with the vault (process ${other.pid}), so it stays open. \`tazpod lock\` saves and locks it.`
      : `Another shell is open here (process ${other.pid}). The last one to exit saves and locks the vault.`,
  );
}

const vaultInUse: StepCheck = async ({ project }) => {
  const others = await otherSessions(project.vaultFolder);
  if (!others.ok) return fromFailure(others.failure);
  const [first] = others.value;
  return first === undefined
    ? fails("no other shell is open here")
    : holds(`another shell is open here (process ${first.pid})`);
};

export const checks = { "vault-in-use": vaultInUse };

runWhenMain(import.meta.url);
