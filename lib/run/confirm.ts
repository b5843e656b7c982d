import type { Terminal } from "../host/terminal.js";
import type { Plan, PlannedStep } from "../plan/planned-steps.js";
import { render } from "../recipe/render.js";
import type { Recipe, Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { RunOptions } from "./run-options.js";

/** A question that covers a whole branch of the plan. */
export interface Question {
  /** The tasks whose confirms it answers, the root of the branch first. */
  readonly tasks: readonly string[];
  readonly text: string;
  readonly defaultAnswer: boolean;
  /** If set, only a person can answer; this text says what to do without a terminal. */
  readonly instead?: string;
}

interface QuestionState {
  /** Tasks whose questions are answered already. */
  readonly settled: ReadonlySet<string>;
  /** The target is an entry of a `finally`. */
  readonly cleanup: boolean;
}

type Vars = (task: Task) => Readonly<Record<string, string>>;

/**
 * Returns the question to ask before `step` runs: that of the outermost task of its branch that has an unanswered
 * confirm, with the list of steps it covers. Confirms further in that are certain to come up are answered with it, and
 * their text is shown first: "No vault here. Create one?" says more than "Unlock?". Confirms that may not come up, or
 * that only a person may answer, are asked later on their own.
 */
export function nextQuestion(
  recipe: Recipe,
  plan: Plan,
  step: PlannedStep,
  { settled, cleanup }: QuestionState,
  vars: Vars,
): Question | undefined {
  const task = (name: string): Task => recipe.tasks.get(name) as Task;
  const asks = (name: string): boolean => {
    const { confirm } = task(name);
    return confirm !== undefined && !settled.has(name) && (cleanup || !confirm.onlyFinally);
  };
  const alone = (name: string): boolean => task(name).confirm?.instead !== undefined;
  const root =
    asks(step.task) && alone(step.task) ? step.task : step.branch.find((name) => asks(name) && !alone(name));
  if (root === undefined) return undefined;
  const branch = plan.steps.filter((planned) => planned.branch.includes(root));
  const inner = branch.filter(
    ({ task: name, certain }) => name !== root && certain && asks(name) && !alone(name),
  );
  const asked = [root, ...inner.map((planned) => planned.task)];
  const leads = inner.length === 0 ? [root] : asked.slice(1);
  const say = (name: string): string => {
    const reason = branch.find((planned) => planned.task === name)?.reason ?? "";
    return render(task(name).confirm?.msg ?? "", { ...vars(task(name)), reason });
  };
  const text = leads.map(say).join(" ");
  const shown = branch.filter((planned) => !task(planned.task).internal);
  const takes =
    shown.length > 1
      ? ` This takes: ${shown.map((planned) => describeStep(recipe, planned, vars)).join(", ")}`
      : "";
  const { instead } = task(root).confirm ?? {};
  return {
    tasks: asked,
    text: `${text}${takes}`,
    defaultAnswer: asked.every((name) => task(name).confirm?.default ?? true),
    instead,
  };
}

/** Tells whether --yes answers a question. */
export function isAnsweredByFlag({ tasks, instead }: Question, { yes }: RunOptions): boolean {
  return instead === undefined && (yes === "all" || tasks.every((task) => yes.has(task)));
}

/** Asks the question, unless --yes answers it. Failures: `answer-needed` without a terminal, `interrupted`. */
export async function ask(
  question: Question,
  options: RunOptions,
  terminal: Terminal,
): Promise<Result<boolean>> {
  if (isAnsweredByFlag(question, options)) return ok(true);
  const { tasks, text, defaultAnswer, instead } = question;
  if (!terminal.interactive) {
    const flag = instead ?? `--yes (or --yes=${tasks.join(",")})`;
    return fail({ kind: "answer-needed", question: text, flag });
  }
  return terminal.confirm(text, defaultAnswer);
}

function describeStep(recipe: Recipe, planned: PlannedStep, vars: Vars): string {
  const say = (name: string): string => {
    const task = recipe.tasks.get(name) as Task;
    if (task.desc === undefined) return name;
    const text = render(task.desc, vars(task));
    // used in the middle of a sentence
    return text.charAt(0).toLowerCase() + text.slice(1);
  };
  if (planned.certain) return say(planned.task);
  return planned.otherwise === undefined
    ? `${say(planned.task)} if possible`
    : `${say(planned.task)} if it exists, else ${say(planned.otherwise)}`;
}
