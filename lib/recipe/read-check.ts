import { argumentsOf, textOf } from "./fields.js";
import { scriptRef } from "./check-scripts.js";
import type { Tree } from "./recipe-tree.js";
import type { Check } from "./recipe.js";

/** Reads a check. The schema has ensured that it has exactly one form. */
export function readCheck(tree: Tree): Check {
  if (tree.kind !== "map") throw new Error("a check that is no map passed the schema");
  const [form, value] = [...tree.entries].find(([key]) => key !== "check") ?? [];
  const text = textOf(tree.entries, form ?? "") ?? "";
  switch (form) {
    case "exists":
      return { kind: "exists", path: text };
    case "env":
      return { kind: "env", name: text };
    case "command":
      return { kind: "command", argv: argumentsOf(value) };
    case "script": {
      const exported = textOf(tree.entries, "check");
      return {
        kind: "script",
        script: scriptRef(text, value?.place ?? tree.place),
        check: exported,
      };
    }
    case "fact":
      return { kind: "fact", fact: text };
    case "not":
      return { kind: "not", check: readCheck(value ?? tree) };
    case "all":
    case "any":
      return { kind: form, checks: value?.kind === "list" ? value.items.map(readCheck) : [] };
    default:
      throw new Error(`a check "${form}" passed the schema`);
  }
}

/** Returns the facts that a check depends on, each once, in order. */
export function factsOf(check: Check): readonly string[] {
  const facts = new Set<string>();
  const walk = (part: Check): void => {
    if (part.kind === "fact") facts.add(part.fact);
    else if (part.kind === "not") walk(part.check);
    else if (part.kind === "all" || part.kind === "any") part.checks.forEach(walk);
  };
  walk(check);
  return [...facts];
}

/**
 * Tells whether a check consists of facts only (`fact`, and `not`, `all`, `any` of those). A plan can predict its
 * result after steps that have not run yet.
 */
export function isDerived(check: Check): boolean {
  if (check.kind === "not") return isDerived(check.check);
  if (check.kind === "all" || check.kind === "any") return check.checks.every(isDerived);
  return check.kind === "fact";
}

/** Returns the fact that must become false for a derived check to be true: `g` for `not: { fact: g }`. */
export function negatedFact(check: Check): string | undefined {
  return check.kind === "not" && check.check.kind === "fact" ? check.check.fact : undefined;
}
