import type { Terminal } from "../host/terminal.js";
import { displayPath } from "../host/paths.js";
import type { Project } from "../project/project.js";
import type { Recipe } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { TrustedCode } from "./trusted-code.js";
import { commandsOf, type VarsOf } from "./recipe-commands.js";
import { readTrustedContent, contentHash, type TrustedItem, trustedSettings } from "./trusted-content.js";
import { sameItems, readTrustedProjects, type TrustedProject, writeTrusted } from "./trusted-projects.js";

/** What a project overrides, and whether it is trusted. */
export interface TrustState {
  readonly state: "nothing to trust" | "trusted" | "untrusted";
  /** When this content was trusted on this host. ISO 8601. */
  readonly since?: string;
  /** A hash over all items, hex. */
  readonly hash: () => Promise<string>;
  readonly items: readonly TrustedItem[];
  readonly code: TrustedCode;
  /** The text that the user sees before they decide; with `whole`, including the files they have not seen yet. */
  readonly text: (whole: boolean) => Promise<string>;
}

/**
 * Reads what a project overrides and whether this host trusts it: the same content was trusted in the same folder, or
 * TAZPOD_TRUST has its hash (a comma-separated list, or `all`). Failures: `file`, `untrusted-file`.
 */
export async function readTrust(
  project: Project,
  recipe: Recipe,
  varsOf: VarsOf,
): Promise<Result<TrustState>> {
  const content = await readTrustedContent(project, recipe, varsOf);
  if (!content.ok) return content;
  const { items, code, packages } = content.value;
  const hash = (): Promise<string> => contentHash(items);
  if (items.length === 0)
    return ok({ state: "nothing to trust", hash, items, code, text: () => Promise.resolve("") });
  const known = await readTrustedProjects();
  if (!known.ok) return known;
  const before = known.value.findLast(({ root }) => root === project.root);
  const isUnchanged = before !== undefined && sameItems(before.things, items);
  const isGiven = !isUnchanged && (await isTrustedByEnvironment(hash));
  const other = known.value.findLast((one) => one !== before && sameItems(one.things, items));
  const head = isUnchanged
    ? [`${displayPath(project.root)} is trusted on this host since ${time(before)} and unchanged.`]
    : heading(project, before, isGiven, other);
  const text = async (whole: boolean): Promise<string> => {
    const { formatFiles, formatSummary } = await import("./trust-report.js");
    const parts = { items, before: before?.things, commands: commandsOf(recipe, varsOf), packages };
    const summary = formatSummary(isUnchanged ? { ...parts, before: undefined } : parts);
    return [...head, ...summary, ...(whole ? formatFiles(parts) : [])].join("\n");
  };
  return ok({
    state: isUnchanged || isGiven ? "trusted" : "untrusted",
    ...(isUnchanged ? { since: before.time } : {}),
    ...{ hash, items, code, text },
  });
}

function heading(
  project: Project,
  before: TrustedProject | undefined,
  isGiven: boolean,
  other: TrustedProject | undefined,
): string[] {
  const root = displayPath(project.root);
  return [
    before === undefined
      ? `The project in ${root} overrides tazpod's defaults:`
      : `The project in ${root} has changed since it was trusted on this host (${time(before)}):`,
    ...(isGiven ? ["It is trusted by TAZPOD_TRUST."] : []),
    ...(other === undefined
      ? []
      : [`The same content is trusted in ${displayPath(other.root)} since ${time(other)}.`]),
  ];
}

function time({ time: at }: TrustedProject): string {
  return `${at.slice(0, 16).replace("T", " ")} UTC`;
}

async function isTrustedByEnvironment(hash: () => Promise<string>): Promise<boolean> {
  const given = (process.env["TAZPOD_TRUST"] ?? "").split(",").map((word) => word.trim());
  if (given.includes("all")) return true;
  return given.some((word) => word !== "") && given.includes(await hash());
}

/**
 * Asks, once per host and again after each change, before any code of a project runs; `--yes` is no answer. Returns the
 * code that may run. Failures: `untrusted` without a terminal, `declined`, and those of `readTrust`.
 */
export async function ensureTrusted(
  project: Project,
  recipe: Recipe,
  varsOf: VarsOf,
  terminal: Terminal,
): Promise<Result<TrustedCode>> {
  const found = await readTrust(project, recipe, varsOf);
  if (!found.ok) return found;
  const { state, hash, items, text, code } = found.value;
  if (state !== "untrusted") return ok(code);
  if (!terminal.interactive) return fail({ kind: "untrusted", text: await text(false), hash: await hash() });
  const seen = await terminal.page(await text(true));
  if (!seen.ok) return seen;
  const question = "This runs near your passphrase. Trust it on this host?";
  const answer = await terminal.confirm(question, false);
  if (!answer.ok) return answer;
  if (!answer.value) return fail({ kind: "declined", question });
  const written = await writeTrusted(project.root, items);
  return written.ok ? ok(code) : written;
}

/**
 * Records the settings that `init` has just written as trusted, since the user gave them. A recipe keeps its trust; an
 * untrusted one still needs confirmation. Failure: `file`.
 */
export async function trustAnswers(project: Project): Promise<Result<void>> {
  const settings = await trustedSettings(project);
  if (settings.length === 0) return ok(undefined);
  const known = await readTrustedProjects();
  if (!known.ok) return known;
  const before = known.value.findLast(({ root }) => root === project.root)?.things ?? [];
  const files = before.filter(
    ({ kind, name }) => kind === "file" && !settings.some((one) => one.name === name),
  );
  return writeTrusted(project.root, [...settings, ...files]);
}
