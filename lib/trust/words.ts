import type { Recipe } from "../recipe/types.js";
import type { Thing } from "./things.js";

// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;

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

/** Nothing that a project says may draw on the screen. */
export function plain(text: string): string {
  const shown = text.replaceAll(control, "\ufffd");
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}
