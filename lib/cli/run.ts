import { fail, ok, type Result } from "../failure/result.js";
import { printJson } from "../host/screen.js";
import type { Target } from "../plan/plan.js";
import { displayPath } from "../host/paths.js";
import type { Project } from "../project/project.js";
import type { Recipe } from "../recipe/recipe.js";
import { runTarget } from "../run/run.js";
import type { Arguments } from "../run/arguments.js";
import type { InitOptions } from "../run/init-options.js";
import { open } from "../session/open.js";
import { namedParts } from "../session/parts.js";
import { preload } from "../run/scripts.js";
import { reportFailure } from "../run/report.js";
import { findTarget } from "./target.js";
import { withPlacement } from "./with.js";

/** `tazpod run NAME`. */
export async function runCommand(args: Arguments, words: readonly string[]): Promise<number> {
  const setting = await open(args.project, args.options);
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, services, interrupts } = setting.value;
  const target = findTarget(recipe, await withPlacement(words, setting.value));
  if (!target.ok) return reportFailure(target.failure, args.json);
  const sensible = check(recipe, services.project, target.value, args);
  if (!sensible.ok) return reportFailure(sensible.failure, args.json);
  preload(recipe, target.value.tasks, () => services.project.initialised && services.container());
  interrupts.watch();
  try {
    const outcome = await runTarget(target.value, setting.value);
    if (!outcome.ok) return reportFailure(outcome.failure, args.json);
    if (args.json) printJson({ outcome: "done", exitCode: 0, target: target.value.name });
    return 0;
  } finally {
    interrupts.unwatch();
    await services.session.leave();
    services.session.end();
  }
}

/** What only makes sense for some targets is refused for the others, before anything runs. */
function check(recipe: Recipe, project: Project, target: Target, { options }: Arguments): Result<void> {
  const fresh = checkInit(project, options.init);
  if (!fresh.ok) return fresh;
  const parts = namedParts(project, options.parts);
  if (!parts.ok) return parts;
  const actions = target.tasks.map((name) => recipe.tasks.get(name)?.action);
  const hasShell = actions.some(
    (action) =>
      action?.kind === "script" &&
      action.script.kind === "builtin" &&
      ["shell", "with"].includes(action.script.name),
  );
  if (options.args.length > 0 && !hasShell) {
    return fail({
      kind: "usage",
      message: `${target.name} runs no command: nothing can follow --.`,
      hint: "`tazpod enter -- CMD` does.",
    });
  }
  if (options.variables.length > 0 && options.args.length === 0) {
    return fail({
      kind: "usage",
      message: "--env is for a command, and there is none.",
      hint: "`tazpod run with PART --env NAME=PATH -- CMD`",
    });
  }
  if (options.yes !== "all") {
    for (const name of options.yes) {
      if (!recipe.tasks.has(name))
        return fail({ kind: "unknown-name", what: "task", name, known: [...recipe.tasks.keys()] });
    }
  }
  return ok(undefined);
}

/** Answers to what `init` asks change nothing where the config is there already. */
function checkInit({ initialised, configFile }: Project, init: InitOptions): Result<void> {
  const [name] = Object.keys(init);
  if (name === undefined || !initialised) return ok(undefined);
  const flag = name !== "devcontainer" ? name : init.devcontainer ? "from-devcontainer" : "no-devcontainer";
  return fail({
    kind: "usage",
    message: `--${flag} is for a new project, and this is one already.`,
    hint: `Change ${displayPath(configFile)} instead.`,
  });
}
