import { engineNames } from "../engine/engine.js";
import type { CheckResult } from "../failure/check-result.js";
import { fail, ok, type Result } from "../failure/result.js";
import { printJson, printResult } from "../host/screen.js";
import { otherSessions } from "../project/sessions.js";
import type { Recipe } from "../recipe/recipe.js";
import type { Arguments } from "../run/arguments.js";
import { reportFailure } from "../run/report.js";
import type { ProjectRun } from "../session/open.js";
import { readState } from "../vault/vault-state.js";
import { inProject } from "./in-project.js";
import { statusJson, statusText } from "./status-print.js";

/** `tazpod status`: the facts that need no network, the open shells, and the last push or pull. */
export async function statusCommand(args: Arguments): Promise<number> {
  if (!args.short) return inProject(args, (run) => status(args, run));
  if (!args.json) return (await import("./status-short.js")).shortStatus(args.project);
  const { failure } = fail({
    kind: "usage",
    message: "--short prints a line of text; it cannot be combined with --json.",
  });
  return reportFailure(failure, args.json);
}

async function status(args: Arguments, { recipe, facts, services }: ProjectRun): Promise<Result<void>> {
  const found = new Map<string, CheckResult>();
  for (const name of recipe.facts.keys()) {
    if (!recipe.facts.get(name)?.internal && !needsNetwork(recipe, name))
      found.set(name, await facts.evaluate(name));
  }
  const { project } = services;
  const sessions = await otherSessions(project.vaultFolder);
  if (!sessions.ok) return sessions;
  const read = await readState(project.vaultFolder);
  if (!read.ok) return read;
  const shells = sessions.value.filter(({ starting }) => !starting);
  const { engine, unavailable } = await services.chosen();
  const isThere = unavailable.length < engineNames.length;
  const report = {
    ...{ project, facts: found, sessions: shells, engine: isThere ? engine.name : undefined },
    ...read.value,
  };
  if (args.json) printJson(statusJson(report));
  else printResult(statusText(report));
  return ok(undefined);
}

/** Whether asking about a fact may mean asking a remote: `session` does, and so does what hangs on it. */
function needsNetwork(recipe: Recipe, name: string): boolean {
  return (
    name === "session" ||
    (recipe.facts.get(name)?.requires ?? []).some((required) => needsNetwork(recipe, required))
  );
}
