import type { Check, Fact, Recipe, Task } from "../../lib/recipe/recipe.js";

const at = { file: "built", line: 1, column: 1 };

/**
 * Builds a recipe without text, for tests with thousands of tasks. Providers are the tasks that provide a fact, in
 * order.
 */
export function build(facts: readonly Partial<Fact>[], tasks: readonly Partial<Task>[]): Recipe {
  const providers = new Map<string, string[]>();
  for (const { name = "", provides = [] } of tasks) {
    for (const fact of provides) {
      const list = providers.get(fact) ?? [];
      providers.set(fact, list);
      list.push(name);
    }
  }
  return {
    facts: new Map(
      facts.map((fact) => [fact.name ?? "", buildFact(fact, providers.get(fact.name ?? "") ?? [])]),
    ),
    tasks: new Map(tasks.map((task) => [task.name ?? "", buildTask(task)])),
    goals: new Map(),
    vars: [],
    hooks: { fact: "", afterTrue: [], beforeFalse: [] },
    files: [],
  };
}

function buildFact(fact: Partial<Fact>, providers: readonly string[]): Fact {
  const check: Check = { kind: "env", name: "X" };
  return {
    name: "",
    requires: [],
    check,
    providers,
    timeoutMs: 1000,
    onUnknown: "fail",
    presume: false,
    internal: false,
    at,
    ...fact,
  };
}

function buildTask(task: Partial<Task>): Task {
  return {
    name: "",
    aliases: [],
    internal: false,
    needs: [],
    wants: [],
    provides: [],
    clears: [],
    flags: [],
    preconditions: [],
    interactive: false,
    silent: false,
    retries: 0,
    finally: [],
    args: [],
    vars: [],
    env: {},
    dotenv: [],
    inContainer: false,
    outputs: [],
    uses: [],
    action: { kind: "none" },
    at,
    ...task,
  };
}
