import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, Recipe, Task } from "../../lib/recipe/recipe.js";
import { build } from "./build.js";
import { resolveIn } from "./rig.js";

const small = 1000;
const large = 10_000;

/** Resolves the shape at two sizes: ten times the tasks may take ten times the steps, plus a little. */
function growsLinearly(
  shape: (size: number) => Recipe,
  expectedSteps: (size: number) => number,
  world: (name: string) => boolean = () => false,
): void {
  const steps = [small, large].map((size) => {
    const counter = { steps: 0 };
    const facts = new Proxy({}, { get: (_, name) => world(String(name)) });
    const { result, asked } = resolveIn(shape(size), "go", facts, { counter });
    assert.ok(result.ok, result.ok ? undefined : JSON.stringify(result.failure));
    if (result.ok) assert.is(result.value.steps.length, expectedSteps(size));
    assert.is(new Set(asked).size, asked.length, "no fact is asked for twice");
    return counter.steps;
  });
  const [before = 0, after = 0] = steps;
  assert.ok(after <= before * (large / small) * 1.1, `${before} steps for ${small}, ${after} for ${large}`);
}

function numbers(size: number): readonly number[] {
  return Array.from({ length: size }, (_, index) => index);
}

test("a chain of ten thousand tasks takes linear time", () => {
  const chain = (size: number): Recipe =>
    build(
      numbers(size).map((i): Partial<Fact> => ({ name: `f${i}` })),
      [
        ...numbers(size).map((i): Partial<Task> => ({
          name: `t${i}`,
          provides: [`f${i}`],
          needs: i === 0 ? [] : [`f${i - 1}`],
        })),
        { name: "go", needs: [`f${size - 1}`] },
      ],
    );
  growsLinearly(chain, (size) => size + 1);
});

test("a chain in which each fact requires the previous one takes linear time", () => {
  const chain = (size: number): Recipe =>
    build(
      numbers(size).map((i): Partial<Fact> => ({ name: `f${i}`, requires: i === 0 ? [] : [`f${i - 1}`] })),
      [
        ...numbers(size).map((i): Partial<Task> => ({
          name: `t${i}`,
          provides: [`f${i}`],
          needs: i === 0 ? [] : [`f${i - 1}`],
        })),
        { name: "go", needs: [`f${size - 1}`] },
      ],
    );
  growsLinearly(chain, (size) => size + 1);
});

test("a task with ten thousand needs and wants takes linear time", () => {
  const wide = (size: number): Recipe =>
    build(
      numbers(size).map((i): Partial<Fact> => ({ name: `f${i}` })),
      [
        ...numbers(size).map((i): Partial<Task> => ({ name: `t${i}`, provides: [`f${i}`] })),
        {
          name: "go",
          needs: numbers(size).flatMap((i) => (i % 2 === 0 ? [`f${i}`] : [])),
          wants: numbers(size).flatMap((i) => (i % 2 === 1 ? [`f${i}`] : [])),
        },
      ],
    );
  growsLinearly(wide, (size) => size + 1);
});

test("a ladder with exponentially many paths takes linear time", () => {
  const ladder = (size: number): Recipe => {
    const rungs = numbers(size / 2);
    const below = (i: number): string[] => (i === 0 ? [] : [`l${i - 1}`, `r${i - 1}`]);
    return build(
      rungs.flatMap((i): Partial<Fact>[] => [{ name: `l${i}` }, { name: `r${i}` }]),
      [
        ...rungs.flatMap((i): Partial<Task>[] => [
          { name: `tl${i}`, provides: [`l${i}`], needs: below(i) },
          { name: `tr${i}`, provides: [`r${i}`], needs: below(i) },
        ]),
        { name: "go", needs: below(size / 2) },
      ],
    );
  };
  growsLinearly(ladder, (size) => size + 1);
});

test("facts whose first provider fails late take linear time", () => {
  // Each fact's first provider needs the whole chain below, and then a fact that nothing can provide.
  const backing = (size: number): Recipe => {
    const rungs = numbers(size / 2);
    const below = (i: number): string[] => (i === 0 ? [] : [`f${i - 1}`]);
    return build(
      [{ name: "never" }, ...rungs.map((i): Partial<Fact> => ({ name: `f${i}` }))],
      [
        ...rungs.flatMap((i): Partial<Task>[] => [
          { name: `first${i}`, provides: [`f${i}`], needs: [...below(i), "never"] },
          { name: `next${i}`, provides: [`f${i}`], needs: below(i) },
        ]),
        { name: "go", needs: below(size / 2) },
      ],
    );
  };
  growsLinearly(backing, (size) => size / 2 + 1);
});

test("unmet wants that share a long chain take linear time", () => {
  const wanting = (size: number): Recipe => {
    const half = numbers(size / 2);
    return build(
      [
        { name: "never" },
        ...half.map((i): Partial<Fact> => ({ name: `f${i}` })),
        ...half.map((i): Partial<Fact> => ({ name: `w${i}` })),
      ],
      [
        ...half.map((i): Partial<Task> => ({
          name: `t${i}`,
          provides: [`f${i}`],
          needs: i === 0 ? ["never"] : [`f${i - 1}`],
        })),
        ...half.map((i): Partial<Task> => ({
          name: `wish${i}`,
          provides: [`w${i}`],
          wants: [`f${half.length - 1}`],
        })),
        { name: "go", needs: half.map((i) => `w${i}`) },
      ],
    );
  };
  growsLinearly(wanting, (size) => size / 2 + 1);
});

test("a branch has all tasks from the target, even at the end of a long chain", () => {
  const recipe = build(
    numbers(large).map((i): Partial<Fact> => ({ name: `f${i}` })),
    [
      ...numbers(large).map((i): Partial<Task> => ({
        name: `t${i}`,
        provides: [`f${i}`],
        needs: i === 0 ? [] : [`f${i - 1}`],
      })),
      { name: "go", needs: [`f${large - 1}`] },
    ],
  );
  const { result } = resolveIn(recipe, "go", {});
  assert.ok(result.ok);
  if (result.ok) assert.is(result.value.steps[0]?.branch.length, large + 1);
});

test.run();
