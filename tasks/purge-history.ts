#!/usr/bin/env node
import { readState } from "../lib/vault/state.js";
import { historyMark } from "../lib/remote/history-name.js";
import { ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { isOffline } from "../lib/run/freshness.js";
import type { StepContext } from "../lib/run/step.js";
import { run as push } from "./push.js";

/** Removes every copy in the history but those of the vault that was pushed last from here. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, signal, terminal } = context;
  const remote = await context.remote();
  const state = await readState(project.vaultFolder);
  if (!state.ok) return state;
  const { pushed } = state.value.state;
  const copies = await remote.history.list(signal);
  if (!copies.ok) return copies;
  const mark = pushed?.remote === remote.url ? historyMark(pushed) : undefined;
  const old = copies.value.filter((copy) => copy.mark !== mark && copy.name !== pushed?.history);
  const removed = await remote.history.remove(
    old.map(({ name }) => name),
    signal,
  );
  if (!removed.ok) return removed;
  terminal.say(
    `✔ removed ${old.length} ${old.length === 1 ? "copy" : "copies"} from the history; ${copies.value.length - old.length} stay`,
  );
  return ok(undefined);
}

/** After a change of the passphrase: old copies open with the old one. Somebody has to say so; --yes is not enough. */
export async function offerPurge(context: StepContext): Promise<Result<unknown>> {
  const { terminal, project, signal } = context;
  const { url } = project.config.remote;
  if (url === "none") return ok(undefined);
  if (terminal.interactive && !isOffline(context)) {
    const question = `Push it to ${url} now, and remove the copies in the history there?`;
    const answer = await terminal.confirm(question, false, signal);
    if (!answer.ok) return answer;
    if (answer.value) {
      const done = await push(context);
      return done.ok ? run(context) : done;
    }
  }
  terminal.say("`tazpod push`, and then `tazpod run purge-history`, removes those at the remote.");
  return ok(undefined);
}

alone(import.meta.url);
