import { test } from "uvu";
import * as assert from "uvu/assert";
import { openTerminal } from "../../lib/host/terminal.js";
import { parseArguments } from "../../lib/run/arguments.js";
import { ask, nextQuestion, type Question } from "../../lib/run/confirm.js";
import { planOf, recipeOf, type World } from "../plan/rig.js";
import { failure, value } from "../rig/result.js";

const text = `
facts:
  there: { check: { env: THERE } }
  base: { check: { env: BASE } }
  open: { requires: [base], check: { env: OPEN } }
tasks:
  make: { provides: [there], confirm: { msg: "Make one?", default: false } }
  start: { provides: [base] }
  unlock: { needs: [there, base], provides: [open], confirm: "Unlock?" }
  plain: { provides: [there], confirm: { msg: "Without a lock?", instead: "set LOCK=none" } }
  leave: { needs: [there], confirm: { msg: "Leave?", only: finally } }
`;

/** The question before the first step of the last task. */
async function questionOf(recipe: string, tasks: readonly string[], world: World = {}, cleanup = false) {
  const loaded = await recipeOf(recipe);
  const plan = planOf(loaded, tasks, world);
  const [step] = plan.steps;
  if (step === undefined) throw new Error("no step");
  return nextQuestion(loaded, plan, step, { settled: new Set(), cleanup }, () => ({}));
}

const withoutPlain = text.replace(/^ {2}plain:.*\n/m, "");
const withoutMake = text.replace(/^ {2}make:.*\n/m, "");

test("one question covers a branch, shows the inner text, and its default is no if one of them is no", async () => {
  const asked = await questionOf(withoutPlain, ["unlock"]);
  assert.equal(asked?.tasks, ["unlock", "make"]);
  assert.match(asked?.text ?? "", /^Make one\?/);
  assert.is(asked?.defaultAnswer, false);
});

test("what only a person may answer is a question of its own", async () => {
  const asked = await questionOf(withoutMake, ["unlock"]);
  assert.equal([asked?.tasks, asked?.instead], [["plain"], "set LOCK=none"]);
  // also if another step comes first
  const later = await questionOf(withoutMake.replace("[there, base]", "[base, there]"), ["unlock"]);
  assert.equal([later?.tasks, later?.instead], [["unlock"], undefined]);
});

test("a confirm for the cleanup only is asked in a cleanup only", async () => {
  assert.is(await questionOf(withoutPlain, ["leave"], { there: true }), undefined);
  assert.equal((await questionOf(withoutPlain, ["leave"], { there: true }, true))?.tasks, ["leave"]);
});

test("a confirm of a step that may not come up is asked on its own", async () => {
  const uncertain = `${withoutPlain}  look: { needs: [base, seen], provides: [looked], confirm: "Look?" }
  go: { needs: [base, looked], confirm: "Go?" }
`.replace(
    "facts:",
    `facts:
  seen: { requires: [base], check: { env: SEEN } }
  looked: { check: { env: LOOKED } }`,
  );
  assert.equal((await questionOf(uncertain, ["go"]))?.tasks, ["go"]);
});

const terminal = { ...openTerminal(), interactive: false };
const question: Question = { tasks: ["a", "b"], text: "Both?", defaultAnswer: true };

/** The answer without a terminal, with these words on the command line. */
function answer(asked: Question, ...words: string[]) {
  const { options } = value(parseArguments(["run", ...words]));
  return ask(asked, options, terminal);
}

test("a yes to one task is no yes to others, and without a terminal there is no answer", async () => {
  assert.ok(value(await answer(question, "--yes")));
  assert.ok(value(await answer(question, "--yes=a,b")));
  for (const words of [[], ["--yes=a"], ["--yes=b,c"]])
    assert.is(failure(await answer(question, ...words), "answer-needed").flag, "--yes (or --yes=a,b)");
});

test("no option is the answer to what only a person may answer", async () => {
  const alone = { ...question, instead: "set LOCK=none" };
  for (const words of [["--yes"], ["--yes=a,b"]])
    assert.is(failure(await answer(alone, ...words), "answer-needed").flag, "set LOCK=none");
});

test.run();
