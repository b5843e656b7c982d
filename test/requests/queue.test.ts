import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Queued, RequestQueue, waitingLimits } from "../../lib/requests/queue.js";

const shown = {
  command: {
    ...{ parts: ["prod"], argv: ["true"], folder: "/workspace", why: "", write: false },
    ...{ variables: [], variableFiles: [] },
  },
  ...{ asker: "", files: [], copy: { files: 0, bytes: 0 }, openInShell: [] },
  ruling: { decision: "ask", why: "", offline: false, withoutProject: false },
} as const;

function add(queue: RequestQueue, { origin = 1, command = "a", key = "a" } = {}): Queued & { id: string } {
  const id = queue.newId();
  return { id, ...queue.add({ id, origin, command, key, shown }) };
}

test("an origin has three places, all have ten, and what is read takes one", () => {
  const counts: number[] = [];
  const queue = new RequestQueue((waiting) => counts.push(waiting));
  add(queue);
  const leave = [queue.enter(1), queue.enter(1)];
  assert.match(String(queue.enter(1)), /^3 requests from this shell wait/);
  for (const one of [...leave, ...leave]) if (typeof one === "function") one();
  assert.type(queue.enter(1), "function");
  for (let origin = 2; queue.list().length < waitingLimits.all - 1; origin++) add(queue, { origin });
  assert.match(String(queue.enter(99)), /^10 requests wait/);
  assert.equal(counts, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("an origin is read thirty times a minute", () => {
  const queue = new RequestQueue(() => undefined);
  for (let times = 0; times < 30; times++) {
    const leave = queue.enter(1);
    if (typeof leave === "string") throw new Error(leave);
    leave();
  }
  assert.match(String(queue.enter(1)), "in a minute");
  assert.type(queue.enter(2), "function");
});

test("an answer decides its own request once; an unknown or impossible one changes nothing", async () => {
  const queue = new RequestQueue(() => undefined);
  const [one, other] = [add(queue), add(queue)];
  assert.match(String(queue.answer("zzzz", { answer: "once" })), "There is no request zzzz");
  for (const minutes of [0, 61, -1, Number.NaN, Infinity])
    assert.match(String(queue.answer(one.id, { answer: "minutes", minutes })), "for 1 to 60 minutes");
  assert.is(queue.answer(one.id, { answer: "yes" } as never), "The answer is unknown.");
  assert.equal(
    queue.list().map(({ state }) => state),
    ["waiting", "waiting"],
  );
  assert.is(queue.answer(one.id, { answer: "once" }), undefined);
  assert.equal(await one.decided, { run: true, by: "person", answer: "once" });
  assert.match(String(queue.answer(one.id, { answer: "once" })), "runs already");
  assert.not(one.signal.aborted);
  assert.is(queue.answer(one.id, { answer: "deny" }), undefined);
  assert.ok(one.signal.aborted);
  other.remove();
  assert.is((await other.decided).run, false);
  assert.match(String(queue.answer(other.id, { answer: "once" })), "There is no request");
});

test("an allowance for minutes holds for the same files only, a denial for good for the command", async () => {
  const queue = new RequestQueue(() => undefined);
  const asked = add(queue, { command: "c", key: "c1" });
  queue.answer(asked.id, { answer: "minutes", minutes: 1 });
  assert.is(queue.known({ command: "c", key: "c1" })?.run, true);
  assert.is(queue.known({ command: "c", key: "c2" }), undefined);
  assert.is(queue.known({ command: "d", key: "d" }), undefined);
  const again = add(queue, { command: "c", key: "c2" });
  queue.answer(again.id, { answer: "never" });
  for (const key of ["c1", "c2", "c3"]) assert.is(queue.known({ command: "c", key })?.run, false);
});

test("what is not answered in time is denied, and takes no answer any more", async () => {
  const queue = new RequestQueue(() => undefined, 20);
  const late = add(queue);
  // the queue's own timer keeps no process alive
  const alive = setTimeout(() => undefined, 10_000);
  assert.equal(await late.decided, {
    ...{ run: false, answer: "deny", by: "time", reason: "there was no answer in time." },
  });
  clearTimeout(alive);
  assert.match(String(queue.answer(late.id, { answer: "once" })), "There is no request");
});

test("the end of the session denies what waits and stops what runs", async () => {
  const queue = new RequestQueue(() => undefined);
  const [runs, waits] = [add(queue), add(queue)];
  queue.answer(runs.id, { answer: "once" });
  queue.end();
  assert.ok(runs.signal.aborted);
  assert.equal(await waits.decided, {
    ...{ run: false, answer: "deny", by: "session", reason: "the session has ended." },
  });
  assert.equal(queue.list(), []);
});

test.run();
