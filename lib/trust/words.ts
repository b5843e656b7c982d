import { plain } from "../plain.js";
import type { Recipe } from "../recipe/types.js";
import type { Thing } from "./things.js";

/** What is to be trusted, a line each: `+`, `-` and `~` before what is new, gone and changed since it last was. */
export function wordThings(things: readonly Thing[], before: readonly Thing[] | undefined): string[] {
  if (before === undefined) return things.map((thing) => `  ${line(thing)}`);
  const old = new Map(before.map((thing) => [thing.name, thing]));
  const kept = new Set(things.map(({ name }) => name));
  return [
    ...things.map((thing) => {
      const was = old.get(thing.name);
      if (was === undefined) return `  + ${line(thing)}`;
      return was.value === thing.value
        ? `    ${line(thing)}`
        : `  ~ ${line(thing)}${thing.kind === "file" ? "" : ` (was ${plain(was.value)})`}`;
    }),
    ...before.filter(({ name }) => !kept.has(name)).map((thing) => `  - ${line(thing)}`),
  ];
}

/** What a recipe's own tasks run, a line each. */
export function wordCommands({ tasks, files: [builtin] }: Recipe): string[] {
  return [...tasks.values()]
    .filter(({ at }) => at.file !== builtin)
    .flatMap(({ name, action }) =>
      action.kind === "cmds"
        ? action.cmds.map((argv) => `    ${plain(name)} runs ${plain(argv.join(" "))}`)
        : [],
    );
}

function line({ kind, name, value }: Thing): string {
  return kind === "file" ? plain(name) : `${plain(name)}: ${plain(value)}`;
}
