// needs: script
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Pty } from "../rig/pty.js";
import { repository } from "../rig/root.js";

const terminalModule = join(repository, "dist/lib/host/terminal.js");

/** Asks three times for a secret, and prints when the terminal was in raw mode. */
const asking = `
import { openTerminal } from ${JSON.stringify(terminalModule)};
const changes = [];
const { stdin } = process;
const setRawMode = stdin.setRawMode.bind(stdin);
stdin.setRawMode = (on) => (changes.push(on ? "raw" : "echo"), setRawMode(on));
const terminal = openTerminal();
for (const name of ["First", "Second", "Third"]) {
  const { ok } = await terminal.secret(name + ":");
  changes.push(ok ? "answer" : "failure");
}
await terminal.handOver(async () => {});
console.log(changes.join(", "));
process.exit();`;

test("between two secrets nothing typed is shown; after the last one the terminal is as it was", async () => {
  const pty = new Pty([process.execPath, "--input-type=module", "--eval", asking]);
  for (const name of ["First", "Second", "Third"]) {
    await pty.expect(`${name}:`);
    pty.type("a secret\rtoo early\r");
  }
  assert.is(await pty.ended, 0);
  assert.match(pty.screen, /^raw, answer, answer, answer, echo\r?$/m);
  assert.not.match(pty.screen, /secret|early/);
});

test("an interrupted question leaves the terminal as it was", async () => {
  const pty = new Pty([process.execPath, "--input-type=module", "--eval", asking.replace('"Third"', "")]);
  await pty.expect("First:");
  pty.line("a secret");
  await pty.expect("Second:");
  pty.interrupt();
  assert.is(await pty.ended, 0);
  assert.match(pty.screen, /^raw, answer, echo, failure\r?$/m);
});

test.run();
