import type { Terminal } from "../host/terminal.js";
import { shown } from "../project/shown.js";
import type { Project } from "../project/types.js";
import type { Recipe } from "../recipe/types.js";
import { fail, ok, type Result } from "../result.js";
import { isSame, readTrusted, writeTrusted } from "./store.js";
import { hashOf, type Thing, thingsOf } from "./things.js";
import { wordCommands, wordThings } from "./words.js";

export interface Trust {
  readonly state: "nothing to trust" | "trusted" | "untrusted";
  /** What stands for all of it, hex. */
  readonly hash: () => Promise<string>;
  readonly things: readonly Thing[];
  /** What is shown to somebody who is to say yes. */
  readonly text: string;
}

/**
 * Whether what a project says is trusted on this host: by a yes that was given here, or by TAZPOD_TRUST, which has the
 * hashes that are, separated by commas, or `all`. Failure: `file`.
 */
export async function trustOf(project: Project, recipe: Recipe): Promise<Result<Trust>> {
  const things = await thingsOf(project, recipe);
  if (!things.ok) return things;
  const hash = (): Promise<string> => hashOf(things.value);
  if (things.value.length === 0) return ok({ state: "nothing to trust", hash, things: [], text: "" });
  const known = await readTrusted();
  if (!known.ok) return known;
  const isKnown = known.value.some((one) => isSame(one.things, things.value)) || (await isGiven(hash));
  const before = known.value.findLast((one) => one.root === project.root)?.things;
  const head =
    before === undefined
      ? `The project in ${shown(project.root)} says, other than what comes with tazpod:`
      : `What the project in ${shown(project.root)} says has changed since it was trusted on this host:`;
  const text = [head, ...wordThings(things.value, before), ...wordCommands(recipe)].join("\n");
  return ok({ state: isKnown ? "trusted" : "untrusted", hash, things: things.value, text });
}

async function isGiven(hash: () => Promise<string>): Promise<boolean> {
  const given = (process.env["TAZPOD_TRUST"] ?? "").split(",").map((word) => word.trim());
  if (given.includes("all")) return true;
  return given.some((word) => word !== "") && given.includes(await hash());
}

/**
 * Asks once on each host, and again after a change, before anything of a project's own runs; `--yes` does not answer.
 * Failures: `untrusted` where nobody can be asked, `declined`.
 */
export async function ensureTrusted(
  project: Project,
  recipe: Recipe,
  terminal: Terminal,
): Promise<Result<void>> {
  const found = await trustOf(project, recipe);
  if (!found.ok) return found;
  const { state, hash, things, text } = found.value;
  if (state !== "untrusted") return ok(undefined);
  if (!terminal.interactive) return fail({ kind: "untrusted", text, hash: await hash() });
  terminal.say(text);
  const question = "This runs near your passphrase. Trust it on this host?";
  const answer = await terminal.confirm(question, false);
  if (!answer.ok) return answer;
  return answer.value ? writeTrusted(project.root, things) : fail({ kind: "declined", question });
}
