import { printJson, printResult } from "../host/screen.js";
import type { Arguments } from "../run/arguments.js";
import { open } from "../session/open.js";
import { reportFailure } from "../run/report.js";
import { readTrust } from "../trust/ensure.js";
import { removeTrusted, writeTrusted } from "../trust/store.js";

/** `tazpod trust`: shows what a project overrides, and records that it is trusted on this host, or no longer is. */
export async function trustCommand(args: Arguments, words: readonly string[]): Promise<number> {
  if (words.length > 0) return reportFailure({ kind: "usage", message: "trust takes no name." }, args.json);
  const setting = await open(args.project, args.options, { skipTrustCheck: true });
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, services } = setting.value;
  const { project, terminal, options } = services;
  const found = await readTrust(project, recipe, (task) => services.vars(recipe, task));
  if (!found.ok) return reportFailure(found.failure, args.json);
  const { state, since, items, text } = found.value;
  const hash = await found.value.hash();
  const isAsked = state === "untrusted" && !args.show && !args.revoke && options.yes !== "all";
  if (args.json) printJson({ project: project.root, state, since, hash, things: items });
  else if (state === "nothing to trust")
    printResult("The project has only what comes with tazpod: there is nothing to trust.");
  else if (isAsked && terminal.interactive) {
    const seen = await terminal.page(`${await text(true)}\n${hash}`);
    if (!seen.ok) return reportFailure(seen.failure, args.json);
  } else printResult(`${await text(args.show || state === "untrusted")}\n${hash}`);
  if (args.revoke) {
    const removed = await removeTrusted(project.root);
    if (!removed.ok) return reportFailure(removed.failure, args.json);
    terminal.print("It is not trusted any more on this host.");
    return 0;
  }
  if (args.show) return state === "untrusted" ? 3 : 0;
  if (state !== "untrusted") return 0;
  if (options.yes !== "all") {
    const question = "Trust it on this host?";
    if (!terminal.interactive)
      return reportFailure({ kind: "answer-needed", question, flag: "--yes" }, args.json);
    const answer = await terminal.confirm(question, false);
    if (!answer.ok) return reportFailure(answer.failure, args.json);
    if (!answer.value) return reportFailure({ kind: "declined", question }, args.json);
  }
  const written = await writeTrusted(project.root, items);
  if (!written.ok) return reportFailure(written.failure, args.json);
  terminal.print("It is trusted on this host.");
  return 0;
}
