import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Plan } from "../../lib/plan/planned-steps.js";
import type { Fact, Recipe, Task } from "../../lib/recipe/recipe.js";
import { build } from "./build.js";
import { resolveIn, type World } from "./rig.js";

interface Case {
  readonly facts: readonly Partial<Fact>[];
  readonly tasks: readonly Partial<Task>[];
  readonly world: World;
  readonly named: boolean;
}

type Written = Readonly<Record<"provides" | "needs" | "wants" | "clears", readonly string[]>>;

const size = 8;
const names = Array.from({ length: size }, (_, index) => `f${index}`);
/** At most `count` items of `list`, in order. */
const upTo = (count: number, list: readonly string[]): fc.Arbitrary<string[]> =>
  fc.subarray([...list], { maxLength: Math.min(count, list.length) });
const runs = { numRuns: 2000 };

/**
 * Recipes without cycles: a task that provides fact n needs, wants and clears only facts below n; it may also provide
 * one above.
 */
const cases: fc.Arbitrary<Case> = fc
  .record({
    facts: fc.tuple(
      ...names.map((name, index) =>
        fc.record({ name: fc.constant(name), requires: upTo(2, names.slice(0, index)) }),
      ),
    ),
    tasks: fc.array(
      fc.nat(size - 1).chain((level) =>
        fc.record({
          provides: upTo(1, names.slice(level + 1)).map((more) => [`f${level}`, ...more]),
          needs: upTo(3, names.slice(0, level)),
          wants: upTo(2, names.slice(0, level)),
          clears: fc.oneof(
            { weight: 3, arbitrary: fc.constant([]) },
            { weight: 1, arbitrary: upTo(1, names.slice(0, level)) },
          ),
        }),
      ),
      { maxLength: 12 },
    ),
    go: fc.record({
      needs: fc.shuffledSubarray(names, { maxLength: 4 }),
      wants: fc.shuffledSubarray(names, { maxLength: 3 }),
    }),
    world: fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(
        { weight: 8, arbitrary: fc.boolean() },
        { weight: 1, arbitrary: fc.constant("unknown: no answer") },
      ),
    ),
    named: fc.boolean(),
  })
  .map(({ facts, tasks, go, world, named }) => {
    const sound = tasks.map((task, index) => ({ ...makeSound(task, facts), name: `t${index}` }));
    return { facts, world, named, tasks: [...sound, { name: "go", ...go }] };
  });

/** Makes a task need what its facts require, and not clear what they depend on. */
function makeSound(task: Written, facts: Case["facts"]): Written {
  const requiredBy = (name: string): readonly string[] =>
    facts.find((fact) => fact.name === name)?.requires ?? [];
  const restsOn = (name: string): readonly string[] => [name, ...requiredBy(name).flatMap(restsOn)];
  const [first = "", ...more] = task.provides;
  const above = names.slice(names.indexOf(first) + 1);
  const provides = [
    first,
    ...more.filter((name) => !requiredBy(name).some((required) => above.includes(required))),
  ];
  const needs = [...new Set([...task.needs, ...provides.flatMap(requiredBy)])].filter(
    (name) => name !== first,
  );
  const held = new Set([...provides, ...needs].flatMap(restsOn));
  return { ...task, provides, needs, clears: task.clears.filter((name) => !held.has(name)) };
}

function planIn(
  recipe: Recipe,
  { world, named }: Pick<Case, "world" | "named">,
): { readonly plan: Plan | undefined; readonly asked: readonly string[] } {
  const { result, asked } = resolveIn(recipe, "go", world, { named });
  return { plan: result.ok ? result.value : undefined, asked };
}

/**
 * A world in which steps keep their promises. Undefined for facts that only the real world knows, and for facts that
 * require one a step provides, unless that was checked and held before.
 */
class Model {
  readonly #set = new Map<string, boolean>();
  readonly #recipe: Recipe;
  readonly #world: World;
  readonly #asked: readonly string[];

  constructor(recipe: Recipe, world: World, asked: readonly string[] = names) {
    this.#recipe = recipe;
    this.#world = world;
    this.#asked = asked;
  }

  holds(name: string): boolean | undefined {
    const set = this.#set.get(name);
    if (set !== undefined) return set;
    const required = (this.#recipe.facts.get(name)?.requires ?? []).map(
      (fact) => [this.holds(fact), this.#set.has(fact)] as const,
    );
    if (required.some(([value]) => value === false)) return false;
    if (required.some(([value, isSet]) => value === undefined || isSet)) return undefined;
    const said = this.#world[name] ?? false;
    return typeof said === "boolean" ? said : undefined;
  }

  run(task: Task): void {
    for (const name of task.clears) this.#clear(name);
    for (const name of task.provides)
      if (this.holds(name) !== true || !this.#asked.includes(name)) this.#set.set(name, true);
  }

  #clear(name: string): void {
    if (this.holds(name) === false) return;
    const ended = new Set([name]);
    for (const end of ended)
      for (const fact of this.#recipe.facts.values()) if (fact.requires.includes(end)) ended.add(fact.name);
    for (const end of ended) if (this.#set.get(end) === true) this.#set.delete(end);
    this.#set.set(name, false);
  }
}

test("a plan has each task at most once, and checks each fact at most once", () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { plan, asked } = planIn(build(one.facts, one.tasks), one);
      assert.is(new Set(asked).size, asked.length);
      const tasks = plan?.steps.map(({ task }) => task) ?? [];
      assert.is(new Set(tasks).size, tasks.length);
    }),
    runs,
  );
});

test("when a task's turn comes, its needs hold and the fact it was planned for does not", () => {
  fc.assert(
    fc.property(cases, (one) => {
      const recipe = build(one.facts, one.tasks);
      const { plan, asked } = planIn(recipe, one);
      const model = new Model(recipe, one.world, asked);
      for (const { task: name, certain, cause } of plan?.steps ?? []) {
        const task = recipe.tasks.get(name);
        if (task === undefined) throw new Error(`no task ${name}`);
        for (const need of task.needs)
          assert.ok(
            certain ? model.holds(need) === true || model.holds(need) === undefined : true,
            `${name} needs ${need}`,
          );
        if ("fact" in cause) assert.is.not(model.holds(cause.fact), true, `${name} is for ${cause.fact}`);
        model.run(task);
      }
    }),
    runs,
  );
});

test("a plan does not depend on unrelated entries or their order", () => {
  fc.assert(
    fc.property(cases, (one) => {
      const recipe = build(one.facts, one.tasks);
      const other: Recipe = {
        ...recipe,
        facts: new Map([
          ["elsewhere", { ...(recipe.facts.get("f0") as Fact), name: "elsewhere", providers: ["unrelated"] }],
          ...[...recipe.facts].toReversed(),
        ]),
        tasks: new Map([
          ["unrelated", { ...(recipe.tasks.get("go") as Task), name: "unrelated" }],
          ...[...recipe.tasks].toReversed(),
        ]),
      };
      const plain = (plan: Plan | undefined): string => JSON.stringify(plan);
      const first = planIn(recipe, one);
      assert.is(plain(planIn(recipe, one).plan), plain(first.plan));
      const second = planIn(other, one);
      assert.is(plain(second.plan), plain(first.plan));
      assert.equal(second.asked, first.asked);
    }),
    runs,
  );
});

test("following a plan step by step, and planning again after each, ends", () => {
  fc.assert(
    fc.property(cases, (one) => {
      const recipe = build(one.facts, one.tasks);
      const model = new Model(recipe, one.world);
      const ran: string[] = [];
      for (let round = 0; round <= one.tasks.length; round++) {
        const world = Object.fromEntries(
          names.map((name) => [name, model.holds(name) ?? one.world[name] ?? false]),
        );
        const { result } = resolveIn(recipe, "go", world, { ran });
        const next = result.ok ? result.value.steps[0] : undefined;
        if (next === undefined) return;
        assert.not.ok(ran.includes(next.task));
        ran.push(next.task);
        model.run(recipe.tasks.get(next.task) as Task);
      }
      assert.unreachable("more steps than tasks");
    }),
    runs,
  );
});

test.run();
