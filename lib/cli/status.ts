import type { Verdict } from "../verdict.js";
import type { Recipe } from "../recipe/types.js";
import type { Arguments } from "../run/arguments.js";
import { open } from "../run/open.js";
import { reportFailure } from "../run/report.js";

const signs = { true: "=", false: "-", unknown: "?" } as const;

/** `tazpod status`: the facts that can be told without the network. */
export async function statusCommand(args: Arguments, words: readonly string[]): Promise<number> {
  if (words.length > 0) return reportFailure({ kind: "usage", message: "status takes no name." }, args.json);
  const setting = await open(args.project, args.options);
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, facts, world, interrupts } = setting.value;
  interrupts.watch();
  const found: [string, Verdict][] = [];
  for (const name of recipe.facts.keys()) {
    if (!recipe.facts.get(name)?.internal && !needsNetwork(recipe, name))
      found.push([name, await facts.know(name)]);
  }
  interrupts.unwatch();
  const { root, config } = world.project;
  if (args.json) {
    const shape = Object.fromEntries(found.map(([name, { state, reason }]) => [name, { state, reason }]));
    process.stdout.write(
      `${JSON.stringify({ project: root, container: config.containerName, remote: config.remote.url, facts: shape })}\n`,
    );
    return 0;
  }
  const width = Math.max(...found.map(([name]) => name.length));
  const lines = found.flatMap(([name, { state, reason, hint }]) => [
    `  ${signs[state]} ${name.padEnd(width)}  ${reason.split("\n")[0] ?? ""}`,
    ...(hint === undefined ? [] : [`${" ".repeat(width + 6)}${hint}`]),
  ]);
  process.stdout.write(`${root}\n${lines.join("\n")}\n`);
  return 0;
}

/** Whether asking about a fact may mean asking a remote: `session` does, and so does what hangs on it. */
function needsNetwork(recipe: Recipe, name: string): boolean {
  return (
    name === "session" ||
    (recipe.facts.get(name)?.requires ?? []).some((required) => needsNetwork(recipe, required))
  );
}
