import { printJson, printResult } from "../host/screen.js";
import type { Arguments } from "../run/arguments.js";
import { open } from "../run/open.js";
import { reportFailure } from "../run/report.js";
import { trustOf } from "../trust/ensure.js";
import { removeTrusted, writeTrusted } from "../trust/store.js";

/** `tazpod trust`: shows what a project says that is not tazpod's own, and notes that it is trusted on this host, or not. */
export async function trustCommand(args: Arguments, words: readonly string[]): Promise<number> {
  if (words.length > 0) return reportFailure({ kind: "usage", message: "trust takes no name." }, args.json);
  const setting = await open(args.project, args.options, { unasked: true });
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, world } = setting.value;
  const { project, terminal, options } = world;
  const found = await trustOf(project, recipe);
  if (!found.ok) return reportFailure(found.failure, args.json);
  const { state, things, text } = found.value;
  const hash = await found.value.hash();
  if (args.json) printJson({ project: project.root, state, hash, things });
  else printResult(text === "" ? "There is nothing but what comes with tazpod." : `${text}\n${hash}`);
  if (args.revoke) {
    const removed = await removeTrusted(project.root, things);
    if (!removed.ok) return reportFailure(removed.failure, args.json);
    terminal.say("It is not trusted any more on this host.");
    return 0;
  }
  if (args.show) return state === "untrusted" ? 3 : 0;
  if (state !== "untrusted") {
    if (state === "trusted") terminal.say("It is trusted on this host.");
    return 0;
  }
  if (options.yes !== "all") {
    const question = "Trust it on this host?";
    if (!terminal.interactive)
      return reportFailure({ kind: "answer-needed", question, flag: "--yes" }, args.json);
    const answer = await terminal.confirm(question, false);
    if (!answer.ok) return reportFailure(answer.failure, args.json);
    if (!answer.value) return reportFailure({ kind: "declined", question }, args.json);
  }
  const written = await writeTrusted(project.root, things);
  if (!written.ok) return reportFailure(written.failure, args.json);
  terminal.say("It is trusted on this host.");
  return 0;
}
