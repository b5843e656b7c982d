// needs: namespace, script
// time limit: 300 s
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, quick, removeHosts, shellBin } from "../rig/host.js";
import { Pty } from "../rig/pty.js";

// A program in a namespace must not get the terminal of tazpod: with it, it could type commands for the host's shell.

test.after(removeHosts);

/** Prints the terminal of each file descriptor of all processes, as device and number. */
const list = `for f in /proc/[0-9]*/fd/*; do
  d=$(stat -L -c '%F %d:%r' "$f" 2>/dev/null) || continue
  case $d in "character special file "*) echo "seen \${d#character special file }" ;; esac
done
echo the end`;

async function project(): Promise<Host> {
  const host = await Host.make({ remote: "none", more: quick });
  await writeFile(host.path("list.sh"), list);
  await writeFile(
    host.path("print.sh"),
    'echo to-stderr > /dev/stderr; read -r word; echo "got $word"; exit 7\n',
  );
  return host;
}

/** Runs a script for sh on a terminal, which it prints first; `tz` is tazpod with all answers. */
function onTerminal({ folder, env, passphraseFile }: Host, script: string): Pty {
  const before = `stat -L -c 'mine %d:%r' /proc/self/fd/0
tz() { ${shellBin} --yes --passphrase-file '${passphraseFile}' "$@"; }`;
  return new Pty(["sh", "-c", `${before}\n${script}`], { cwd: folder, env });
}

function seen({ screen }: Pty): readonly string[] {
  const [, mine] = /mine (\S+)/.exec(screen) ?? [];
  assert.ok(mine !== undefined, screen);
  const all = [...screen.matchAll(/seen (\S+)/g)].map(([, one]) => one);
  assert.not.ok(all.includes(mine), screen);
  return all as string[];
}

test("a command whose output or input is not the terminal has pipes in place of it", async () => {
  const host = await project();
  const pty = onTerminal(host, "tz enter -- sh list.sh | cat; tz enter -- sh list.sh < list.sh; exit 5");
  await pty.expect("the end");
  await pty.expect("the end");
  assert.is(await pty.ended, 5, pty.screen);
  seen(pty);
});

test("what it prints and what is typed are passed on, as is its exit code", async () => {
  const host = await project();
  const pty = onTerminal(host, "{ tz enter -- sh print.sh; echo code $?; } | cat");
  await pty.expect("to-stderr");
  pty.line("hello");
  await pty.expect("got hello");
  await pty.expect("code 7");
  await pty.ended;
});

test("a shell has a terminal of its own, and no process there has the host's", async () => {
  const host = await project();
  const pty = onTerminal(host, "tz enter");
  await pty.expect("$ ");
  pty.line("sh list.sh; stty size");
  await pty.expect("40 240");
  assert.ok(seen(pty).length > 0);
  pty.line("exit 3");
  assert.is(await pty.ended, 3, pty.screen);
});

test("a task in the container has pipes, too, and both its outputs are shown", async () => {
  const host = await project();
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    "version: 1\ntasks: { go: { new: true, in: container, cmds: [[sh, list.sh], [sh, -c, 'echo out; echo err >&2']] } }\n",
  );
  const pty = onTerminal(host, "TAZPOD_TRUST=all tz go");
  await pty.expect("out");
  await pty.expect("err");
  assert.is(await pty.ended, 0, pty.screen);
  seen(pty);
});

test.run();
