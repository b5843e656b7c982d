import { engineNames } from "../engine/engine.js";
import { printJson, printResult } from "../host/screen.js";
import type { CheckResult } from "../failure/check-result.js";
import type { Recipe } from "../recipe/recipe.js";
import { otherSessions } from "../project/sessions.js";
import type { Arguments } from "../run/arguments.js";
import { open } from "../session/open.js";
import { reportFailure } from "../run/report.js";
import { readState } from "../vault/vault-state.js";
import { statusJson, statusText } from "./status-print.js";

/** `tazpod status`: the facts that can be told without the network, who is here, and the last push or pull. */
export async function statusCommand(args: Arguments, words: readonly string[]): Promise<number> {
  if (words.length > 0) return reportFailure({ kind: "usage", message: "status takes no name." }, args.json);
  if (args.short) return short(args);
  const setting = await open(args.project, args.options);
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, facts, services, interrupts } = setting.value;
  interrupts.watch();
  const found = new Map<string, CheckResult>();
  for (const name of recipe.facts.keys()) {
    if (!recipe.facts.get(name)?.internal && !needsNetwork(recipe, name))
      found.set(name, await facts.evaluate(name));
  }
  interrupts.unwatch();
  const { project } = services;
  const sessions = await otherSessions(project.vaultFolder);
  if (!sessions.ok) return reportFailure(sessions.failure, args.json);
  const read = await readState(project.vaultFolder);
  if (!read.ok) return reportFailure(read.failure, args.json);
  const shells = sessions.value.filter(({ starting }) => !starting);
  const { engine, unavailable } = await services.chosen();
  const isThere = unavailable.length < engineNames.length;
  const status = {
    ...{ project, facts: found, sessions: shells, engine: isThere ? engine.name : undefined },
    ...read.value,
  };
  if (args.json) printJson(statusJson(status));
  else printResult(statusText(status));
  return 0;
}

async function short({ json, project }: Arguments): Promise<number> {
  if (!json) return (await import("./status-short.js")).shortStatus(project);
  return reportFailure({ kind: "usage", message: "--short is a line of text, and not for --json." }, json);
}

/** Whether asking about a fact may mean asking a remote: `session` does, and so does what hangs on it. */
function needsNetwork(recipe: Recipe, name: string): boolean {
  return (
    name === "session" ||
    (recipe.facts.get(name)?.requires ?? []).some((required) => needsNetwork(recipe, required))
  );
}
