import { nearest } from "../document/nearest.js";
import type { Project } from "../project/project.js";
import { fail, ok, type Result } from "../failure/result.js";
import { closedParts, type OpenParts, rest } from "../vault/vault-parts.js";
import type { RunOptions } from "../run/run-options.js";

/** The name for the whole vault. */
const allParts = "all";

/** Returns the parts that `--part` names. Failure: `unknown-name`. */
export function checkPartNames(
  { config: { parts } }: Pick<Project, "config">,
  names: readonly string[],
): Result<readonly string[]> {
  const known = [...parts.map(({ name }) => name), rest];
  for (const name of names) {
    if (name === allParts || known.includes(name)) continue;
    const close = nearest(name, [...known, allParts]);
    return fail({
      kind: "unknown-name",
      what: "part of the vault",
      name,
      ...(close === undefined ? { known: [...known, allParts] } : { nearest: close }),
    });
  }
  return ok(names.includes(allParts) ? known : [...new Set(names)]);
}

/** Returns the parts to open when the vault is closed; undefined means all. Failure: `unknown-name`. */
export function partsToOpen(
  project: Pick<Project, "config">,
  { parts: named }: RunOptions,
): Result<OpenParts | undefined> {
  const { parts } = project.config;
  const always = [...parts.filter(({ onRequest }) => !onRequest).map(({ name }) => name), rest];
  const open = named.length === 0 ? ok(always) : checkPartNames(project, named);
  if (!open.ok) return open;
  const opening = { parts: parts.map(({ name, paths }) => ({ name, paths })), open: open.value };
  return ok(closedParts(opening).length === 0 ? undefined : opening);
}
