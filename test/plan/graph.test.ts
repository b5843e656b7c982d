import { test } from "uvu";
import * as assert from "uvu/assert";
import { taskGraph, toDot, toMermaid } from "../../lib/plan/graph.js";
import { recipeOf } from "./rig.js";

const recipe = await recipeOf(`
facts:
  up: { check: { exists: up } }
  odd-name: { check: { exists: odd } }
tasks:
  start: { provides: [up], cmds: [["true"]] }
  odd: { provides: [odd-name], cmds: [["true"]] }
  work: { needs: [up], wants: [odd-name], cmds: [["true"]], finally: [tidy] }
  tidy: { cmds: [["true"]] }
  other: { cmds: [["true"]] }
`);

test("the graph has what leads to the target and what runs after it, and nothing else", () => {
  assert.equal(taskGraph(recipe, ["work"]), {
    tasks: ["work", "start", "odd", "tidy"],
    edges: [
      { from: "start", to: "work", fact: "up", kind: "need" },
      { from: "odd", to: "work", fact: "odd-name", kind: "want" },
      { from: "work", to: "tidy", fact: undefined, kind: "finally" },
    ],
  });
});

test("Mermaid gets numbered nodes with quoted names, and the due tasks as a class", () => {
  assert.equal(toMermaid(taskGraph(recipe, ["work"]), new Set(["start", "elsewhere"])).split("\n"), [
    "flowchart LR",
    '  t0["work"]',
    '  t1["start"]',
    '  t2["odd"]',
    '  t3["tidy"]',
    '  t1 -->|"up"| t0',
    '  t2 -.->|"odd-name"| t0',
    '  t0 ==>|"afterwards"| t3',
    "  classDef due stroke-width:3px",
    "  class t1 due",
  ]);
});

test("Graphviz gets quoted names", () => {
  const dot = toDot(taskGraph(recipe, ["work"]), new Set(["start"]));
  assert.match(dot, '  "start" [style="rounded,bold"];\n');
  assert.match(dot, '  "odd" -> "work" [label="odd-name", style=dashed];\n');
});

test.run();
