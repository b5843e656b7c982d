import type { Recipe } from "../recipe/recipe.js";

/** Formats in which a graph can be printed. */
export const graphFormats = ["mermaid", "dot", "svg"] as const;

export type GraphFormat = (typeof graphFormats)[number];

interface Edge {
  readonly from: string;
  readonly to: string;
  /** The fact that connects them, or `output`; undefined for a cleanup. */
  readonly fact: string | undefined;
  /** `need` and `want` lead from the task that comes first; `finally` from the task to its cleanup. */
  readonly kind: "need" | "want" | "finally";
}

/** Everything of a recipe that a target may run. */
export interface TaskGraph {
  /** The tasks, in the order in which they were reached. */
  readonly tasks: readonly string[];
  readonly edges: readonly Edge[];
}

/** Returns the tasks that lead to `targets` through their needs, wants, outputs and cleanups. */
export function taskGraph(recipe: Recipe, targets: readonly string[]): TaskGraph {
  const tasks = new Set<string>();
  const edges: Edge[] = [];
  const pending = [...targets];
  for (const name of pending) {
    const task = recipe.tasks.get(name);
    if (task === undefined || tasks.has(name)) continue;
    tasks.add(name);
    for (const [kind, facts] of [
      ["need", task.needs],
      ["want", task.wants],
    ] as const)
      for (const fact of facts)
        for (const from of recipe.facts.get(fact)?.providers ?? []) {
          if (from === name) continue;
          edges.push({ from, to: name, fact, kind });
          pending.push(from);
        }
    for (const from of task.uses) {
      edges.push({ from, to: name, fact: "output", kind: "need" });
      pending.push(from);
    }
    for (const { task: to } of task.finally) {
      edges.push({ from: name, to, fact: undefined, kind: "finally" });
      pending.push(to);
    }
  }
  return { tasks: [...tasks], edges };
}

const mermaidArrows = { need: "-->", want: "-.->", finally: "==>" } as const;
const dotStyles = { need: "solid", want: "dashed", finally: "bold" } as const;

/** Formats a graph for Mermaid, the language of diagrams in Markdown. Tasks in `due` are marked. */
export function toMermaid({ tasks, edges }: TaskGraph, due: ReadonlySet<string>): string {
  const ids = new Map(tasks.map((name, index) => [name, `t${index}`]));
  const id = (name: string): string => ids.get(name) ?? "";
  const lines = [
    "flowchart LR",
    ...tasks.map((name) => `  ${id(name)}["${mermaidText(name)}"]`),
    ...edges.map(({ from, to, fact, kind }) => {
      const label = fact === undefined ? "afterwards" : mermaidText(fact);
      return `  ${id(from)} ${mermaidArrows[kind]}|"${label}"| ${id(to)}`;
    }),
  ];
  const marked = tasks.filter((name) => due.has(name));
  if (marked.length > 0)
    lines.push("  classDef due stroke-width:3px", `  class ${marked.map(id).join(",")} due`);
  return lines.join("\n");
}

/** Formats a graph for Graphviz. Tasks in `due` are bold. */
export function toDot({ tasks, edges }: TaskGraph, due: ReadonlySet<string>): string {
  const lines = [
    "  rankdir=LR;",
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=10];',
    ...tasks.map((name) => `  ${quoted(name)}${due.has(name) ? ' [style="rounded,bold"]' : ""};`),
    ...edges.map(
      ({ from, to, fact, kind }) =>
        `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(fact ?? "afterwards")}, style=${dotStyles[kind]}];`,
    ),
  ];
  return ["digraph tazpod {", ...lines, "}"].join("\n");
}

const mermaidText = (text: string): string => text.replaceAll('"', "#quot;");

const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
