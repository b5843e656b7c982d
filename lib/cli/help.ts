import { type FlagName, flagLines, flags } from "../run/flags.js";
import { type Command, commands, listedTasks } from "./commands.js";

/** What tazpod is, in a few words. */
export const tagline = "your shell and your secrets on any host";

/** What the exit codes mean. */
export const exitCodes = `0 done, 1 failed, 2 usage or recipe error, 3 a precondition does not hold,
4 a question could not be asked without a terminal, 5 conflict, 130 interrupted;
\`enter -- CMD\` passes CMD's own code on.`;

/** The general help text. */
export function generalHelp(): string {
  return `tazpod: ${tagline}

Usage: tazpod [COMMAND] [FLAGS] [-- CMD…]

${commandList()}

Flags (\`tazpod NAME --help\` shows those of one command or task):
${flagLines(Object.keys(flags) as FlagName[]).join("\n")}

Exit codes: ${exitCodes}`;
}

/** The commands and the most used tasks, a line each: for the general help and the README. */
export function commandList(): string {
  const rows = [
    ["tazpod", "the same as `tazpod run enter`"],
    ...commands.map(({ name, words, summary }) => [`tazpod ${`${name} ${words}`.trimEnd()}`, summary]),
    ...listedTasks.map(([task, summary]) => [`tazpod ${task}`, summary]),
  ] as const;
  const width = Math.max(...rows.map(([usage]) => usage?.length ?? 0));
  return rows.map(([usage = "", summary = ""]) => `  ${usage.padEnd(width)}  ${summary}`).join("\n");
}

/** The help text of one command. */
export function commandHelp({
  name,
  words,
  summary,
  details,
  examples,
  flags: own,
  runsTasks,
}: Command): string {
  const usage = ["tazpod", name, words, "[FLAGS]", ...(runsTasks ? ["[-- CMD…]"] : [])];
  return [
    `Usage: ${usage.filter((word) => word !== "").join(" ")}`,
    "",
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(details === undefined ? [] : [details]),
    "",
    ...flagLines([...own, "help"]),
    ...(runsTasks ? ["  and the flags of the tasks that run"] : []),
    ...(examples === undefined ? [] : ["", ...examples.map((line) => `  ${line}`)]),
  ].join("\n");
}
