import { fail, ok, type Result } from "../failure/result.js";
import { printJson, printResult } from "../host/screen.js";
import type { Arguments } from "../run/arguments.js";
import type { ProjectRun } from "../session/open-project.js";
import { readTrust } from "../trust/ensure-trusted.js";
import { removeTrusted, writeTrusted } from "../trust/trusted-projects.js";
import { inProject } from "./in-project.js";

/** `tazpod trust`: shows what a project overrides, and records whether it is trusted on this host. */
export function trustCommand(args: Arguments): Promise<number> {
  return inProject(args, (run) => trust(args, run), { skipTrustCheck: true });
}

async function trust(args: Arguments, { recipe, services }: ProjectRun): Promise<Result<number>> {
  const { project, terminal, options } = services;
  const found = await readTrust(project, recipe, (task) => services.vars(recipe, task));
  if (!found.ok) return found;
  const { state, since, items, text } = found.value;
  const hash = await found.value.hash();
  const isAsked = state === "untrusted" && !args.show && !args.revoke && options.yes !== "all";
  if (args.json) printJson({ project: project.root, state, since, hash, things: items });
  else if (state === "nothing to trust") printResult("The project overrides nothing that needs your trust.");
  else if (isAsked && terminal.interactive) {
    const seen = await terminal.page(`${await text(true)}\n${hash}`);
    if (!seen.ok) return seen;
  } else printResult(`${await text(args.show || state === "untrusted")}\n${hash}`);
  if (args.revoke) {
    const removed = await removeTrusted(project.root);
    if (!removed.ok) return removed;
    terminal.print("The project is no longer trusted on this host.");
    return ok(0);
  }
  if (args.show) return ok(state === "untrusted" ? 3 : 0);
  if (state !== "untrusted") return ok(0);
  if (options.yes !== "all") {
    const question = "Trust this project on this host?";
    if (!terminal.interactive) return fail({ kind: "answer-needed", question, flag: "--yes" });
    const answer = await terminal.confirm(question, false);
    if (!answer.ok) return answer;
    if (!answer.value) return fail({ kind: "declined", question });
  }
  const written = await writeTrusted(project.root, items);
  if (!written.ok) return written;
  terminal.print("The project is trusted on this host.");
  return ok(0);
}
