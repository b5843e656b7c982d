#!/usr/bin/env node
import { randomUUID } from "node:crypto";
import { failureText } from "../lib/failure/explain.js";
import { resultsOnTerminal } from "../lib/host/screen.js";
import { inputIsTerminal } from "../lib/host/standard-input.js";
import { fail, ok, type Result } from "../lib/failure/result.js";
import { displayPath } from "../lib/host/paths.js";
import type { Secret } from "../lib/host/secret.js";
import { sealRamContent } from "../lib/session/tampered.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { hasVariables } from "../lib/session/vault-variables.js";
import { type SeparateContainer, openInSeparateContainer } from "../lib/session/open-separate-container.js";
import { checkPartNames } from "../lib/session/requested-parts.js";
import { provenPassphrase } from "../lib/session/ask-passphrase.js";
import { exitCodeOf, runInside } from "../lib/session/run-inside.js";
import { saveSeparateContainer } from "../lib/session/save-separate-container.js";
import { shellEnvironment } from "../lib/session/shell-environment.js";
import type { StepContext } from "../lib/session/step.js";
import { reportUnlinked } from "../lib/session/unlock-vault.js";

/** Time limit for saving the changes of an interrupted command, in ms. */
const saveMs = 120_000;

/**
 * Runs the command after `--` in a separate container with the named parts of the vault. Its exit code becomes this
 * step's.
 */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, options, terminal } = context;
  const names = checkPartNames(project, options.parts);
  if (!names.ok) return names;
  const engine = await context.engine();
  const passphrase = await provenPassphrase(context, "Passphrase of the vault:");
  if (!passphrase.ok) return passphrase;
  const opened = await openInSeparateContainer(context, engine, passphrase.value, names.value);
  if (!opened.ok) return opened;
  reportUnlinked(terminal, opened.value.secrets, opened.value.unlinked);
  try {
    const outcome = await command(context, opened.value);
    // unsaved changes are lost with the container, so unreadable files are listed and do not prevent saving the others
    const lenient = { ...options, skipUnreadable: true };
    const saving = { ...context, options: lenient, signal: AbortSignal.timeout(saveMs) };
    const saved = await saveSeparateContainer(saving, opened.value, passphrase.value);
    if (saved.ok) return outcome;
    if (saved.failure.kind !== "conflict") await keepChanges(context, opened.value, passphrase.value);
    if (!isInterrupted(outcome)) return saved;
    terminal.warn(failureText(saved.failure));
    return outcome;
  } finally {
    await opened.value.end();
  }
}

async function command(context: StepContext, { secrets }: SeparateContainer): Promise<Result<void>> {
  const { options, terminal } = context;
  const tty = inputIsTerminal() && resultsOnTerminal() && !hasVariables(options);
  const environment = await shellEnvironment(context, tty);
  const id = randomUUID();
  const env = { ...environment.env, TAZPOD_SESSION: id };
  const done = await runInside(context, secrets, { open: true, tty, env });
  await environment.end();
  const hungUp = tty && !terminal.interactive;
  const code = await exitCodeOf(context, secrets, id, done, hungUp);
  if (!code.ok) return code;
  return code.value === 0
    ? ok(undefined)
    : fail({ kind: "exit-code", command: `\`${options.args.join(" ")}\``, code: code.value });
}

/** Seals what was open in the container to a file of its own, since the container ends; on a terminal, as often as wanted. */
async function keepChanges(
  { project, terminal }: StepContext,
  { secrets, opening }: SeparateContainer,
  passphrase: Secret,
): Promise<void> {
  for (;;) {
    const kept = await sealRamContent(project, secrets, passphrase, AbortSignal.timeout(saveMs));
    if (kept.ok) {
      if (kept.value !== undefined)
        terminal.warn(
          `The vault was not changed. What was open in the command's container (${opening.open.join(", ")}) is sealed in ${displayPath(kept.value)}, with the same passphrase.`,
        );
      return;
    }
    terminal.warn(`The command's changes to the vault are not kept: ${failureText(kept.failure)}`);
    if (!terminal.interactive) return;
    const again = await terminal.confirm(
      "They are lost when its container ends, now. Try again first?",
      true,
    );
    if (!again.ok || !again.value) return;
  }
}

function isInterrupted(outcome: Result<void>): boolean {
  return !outcome.ok && outcome.failure.kind === "interrupted";
}

runWhenMain(import.meta.url);
