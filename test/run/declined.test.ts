// needs: script
import { existsSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Host } from "../rig/host.js";
import { recipeHost } from "../rig/recipe-host.js";
import { underShell } from "../rig/under-shell.js";

const recipe = `
facts:
  a: { new: true, check: { exists: a } }
tasks:
  make-a: { new: true, provides: [a], confirm: "Make a?", cmds: [[touch, a]] }
  strict: { new: true, needs: [a], cmds: [[touch, done]] }
  lenient: { new: true, wants: [a], cmds: [[touch, done]] }
`;

/** Runs a task, answers its question, and returns the exit code and the screen. */
async function answered(host: Host, task: string, answer: string): Promise<{ code: number; screen: string }> {
  const { pty, left } = await underShell(host, "run", task);
  await pty.expect("Make a? [Y/n]");
  pty.line(answer);
  return { code: await left(), screen: pty.screen };
}

test("no to a step that is needed ends the run before it", async () => {
  const host = await recipeHost(recipe);
  const { code, screen } = await answered(host, "strict", "n");
  assert.is(code, 3, screen);
  assert.equal([existsSync(host.path("a")), existsSync(host.path("done"))], [false, false]);
});

test("no to a step that is only wanted goes on without it, and says so; yes runs it", async () => {
  const host = await recipeHost(recipe);
  const { code, screen } = await answered(host, "lenient", "no");
  assert.is(code, 0, screen);
  assert.match(screen, /- make-a: declined/);
  assert.equal([existsSync(host.path("a")), existsSync(host.path("done"))], [false, true]);
  const again = await answered(host, "lenient", "");
  assert.is(again.code, 0, again.screen);
  assert.ok(existsSync(host.path("a")));
});

test.run();
