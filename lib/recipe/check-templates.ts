import { didYouMean } from "../document/nearest.js";
import type { Problem } from "../failure/failure.js";
import { itemsOf, mapOf } from "./fields.js";
import type { MergedRecipe } from "./merge-layers.js";
import { placeholders } from "./render.js";
import { problemAt, type Tree } from "./recipe-tree.js";

/** Returns problems: `{{name}}` without a value, and variables that hide those that tazpod sets. */
export function checkTemplates(merged: MergedRecipe, knownVars: readonly string[]): readonly Problem[] {
  const problems: Problem[] = [];
  const fixed = new Set(knownVars);
  const scan = (tree: Tree | undefined, known: ReadonlySet<string>): void => {
    if (tree === undefined) return;
    if (tree.kind === "leaf") {
      if (typeof tree.value !== "string") return;
      for (const name of placeholders(tree.value)) {
        if (known.has(name)) continue;
        problems.push(
          problemAt(tree.place, `{{${name}}} has no value here`, {
            hint: didYouMean(name, known) ?? `known names: ${[...known].join(", ")}`,
          }),
        );
      }
    } else for (const child of tree.kind === "list" ? tree.items : tree.entries.values()) scan(child, known);
  };
  const define = (vars: ReadonlyMap<string, Tree>): void => {
    for (const [name, tree] of vars) {
      if (fixed.has(name))
        problems.push(
          problemAt(tree.place, `tazpod sets "${name}" itself`, { part: "key", hint: "use another name" }),
        );
      if (tree.kind === "leaf" && typeof tree.value === "string" && placeholders(tree.value).length > 0) {
        problems.push(
          problemAt(tree.place, "a variable's value is used as written: {{…}} is not replaced in it"),
        );
      }
    }
  };

  define(merged.vars);
  const known = new Set([...knownVars, ...merged.vars.keys()]);
  for (const { entries } of merged.facts.values()) {
    scan(entries.get("desc"), known);
    scan(entries.get("check"), known);
  }
  for (const { entries } of merged.tasks.values()) {
    const vars = entries.get("vars");
    if (vars?.kind === "map") define(vars.entries);
    const here = new Set([...known, ...Object.keys(mapOf(entries, "vars"))]);
    for (const field of ["cmds", "env"]) scan(entries.get(field), here);
    scan(entries.get("confirm"), new Set([...here, "reason"]));
    for (const item of itemsOf(entries, "preconditions")) {
      if (item.kind !== "map") continue;
      scan(item.entries.get("check"), here);
      scan(item.entries.get("msg"), new Set([...here, "reason"]));
    }
  }
  return problems;
}
