// needs: engine, script
// time limit: 900 s
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, type Ended, engineName, type Host, quick, removeHosts, shellBin, text } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { underShell, type UnderShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";
import { running, withSealed } from "../rig/with-vault.js";

// Several tazpod processes of one project at the same time.

test.after(removeHosts);

/** A host whose sessions meet in their own folder. */
async function withVault(more = ""): Promise<Host> {
  const host = await withSealed("none", undefined, `${quick}${more}`);
  host.env["XDG_RUNTIME_DIR"] = await mkdtemp("/dev/shm/tazpod-test-");
  made.push(host.env["XDG_RUNTIME_DIR"]);
  return host;
}

const made: string[] = [];
test.after(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

async function opened(host: Host): Promise<UnderShell> {
  const shell = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await shell.pty.expect("$ ");
  return shell;
}

/** A shell that joins without a passphrase or an answer. */
async function joined(host: Host): Promise<UnderShell> {
  const shell = await underShell(host);
  await shell.pty.expect("$ ");
  assert.not.match(shell.pty.screen, /Passphrase|\[Y\/n\]/);
  return shell;
}

/** The sockets over which the sessions of a host share the passphrase. */
async function sockets(host: Host): Promise<string[]> {
  const top = join(host.env["XDG_RUNTIME_DIR"] ?? "", "tazpod", "agent");
  const [project = ""] = await readdir(top).catch(() => []);
  const names = await readdir(join(top, project)).catch(() => []);
  return names.filter((name) => name.endsWith(".sock"));
}

async function leave({ pty, left }: UnderShell, line = "exit 0"): Promise<void> {
  pty.line(line);
  assert.is(await left(), 0, pty.screen);
}

test("a second shell joins without a question, and the last one to exit saves and locks, whichever opened the vault", async () => {
  const host = await withVault();
  const first = await opened(host);
  const second = await joined(host);
  // by then it has the passphrase from the first one
  await until(async () => (await sockets(host)).length === 2);
  await leave(first, "echo one > ~/secrets/one; exit 0");
  assert.match(await host.secrets(), "one");
  assert.not.match(first.pty.screen, "lock:");
  const stays = /Another shell is open here \(process \d+\). The last one to exit saves and locks the vault./;
  assert.match(first.pty.screen, stays);
  await leave(second, "echo two > ~/secrets/two; exit 0");
  assert.is(await host.secrets(), "");
  assert.not.match(second.pty.screen, "Passphrase");
  assert.not.match(second.pty.screen, stays);
  assert.is((await host.enter("cat ~/secrets/one ~/secrets/two")).stdout, "one\ntwo\n");
});

test("leaving a shell ends its tazpod while another is open, also after some time", async () => {
  const host = await withVault();
  const [first, second] = [await opened(host), await joined(host)];
  // tazpod's own shell in the container ends when it has not been used for five seconds
  await sleep(7_000);
  await leave(second);
  await leave(first);
  assert.is(await host.secrets(), "");
});

test("down --idle removes the container only after the shells and their programs have ended", async () => {
  const host = await withVault();
  const idle = async (): Promise<string> => {
    const done = await host.tazpod("down", "--idle");
    assert.is(done.code, 0, done.stderr);
    return done.stderr;
  };
  const shell = await opened(host);
  assert.match(await idle(), /stays: a shell of this host is open in it/);
  // all processes of the host are in a container of the engine process
  const isApart = engineName !== "process";
  await leave(
    shell,
    isApart ? "(sh -c 'while [ ! -e ~/end ]; do sleep 0.1; done' >/dev/null 2>&1 &); exit 0" : "exit 0",
  );
  if (isApart) {
    assert.match(await idle(), /stays: programs run in it \(.*\d+ sh/);
    await host.inside("touch ~/end; sleep 0.5");
  }
  assert.is((await host.run("unlock")).code, 0);
  assert.match(await idle(), /stays: the vault is open in it/);
  assert.is((await host.run("lock")).code, 0);
  const said = await idle();
  assert.match(said, /Container \S+ removed/, said);
  assert.match(await idle(), /There is no container/);
});

test("a shell whose tazpod was killed does not count", async () => {
  const host = await withVault();
  const first = await opened(host);
  const second = await joined(host);
  // by then it has the passphrase from the first one
  await until(async () => (await sockets(host)).length === 2);
  await first.kill("SIGKILL");
  // under load its exit takes a moment
  await first.pty.expect("left with 137");
  await leave(second, "echo two > ~/secrets/two; exit 0");
  assert.is(await host.secrets(), "", second.pty.screen);
  assert.is((await host.enter("cat ~/secrets/two")).stdout, "two\n");
});

test("shells that open and exit at the same time lock once, at the end, and lose nothing", async () => {
  const host = await withVault();
  const rounds = [1, 2, 3];
  const worker = async (name: string): Promise<void> => {
    for (const round of rounds) {
      const done = await host.enter(`echo ${name} > ~/secrets/${name}-${round}`);
      assert.is(done.code, 0, done.stderr);
    }
  };
  await Promise.all(["a", "b", "c"].map(worker));
  assert.is(await host.secrets(), "");
  const names = ["a", "b", "c"].flatMap((name) => rounds.map((round) => `${name}-${round}`));
  assert.is((await host.enter("ls ~/secrets")).stdout, `${[...names, "key"].join("\n")}\n`);
});

/**
 * Enters and adds a file, with a recipe whose lock runs the script `after` between its last look at the vault and its
 * work, and `before` before that look.
 */
async function enterWithLock(host: Host, after: string, before = "/dev/null"): Promise<Ended> {
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    `version: 1
facts:
  before-look:
    new: true
    desc: what comes before the last look
    check: { command: [sh, ${before}] }
tasks:
  lock:
    needs: [before-look, vault-saved]
    clears: [vault-open]
    preconditions:
      - check: { command: [sh, ${after}] }
        msg: "{{reason}}"
        on_unknown: pass
`,
  );
  const entered = await host.enter("echo first > ~/secrets/first");
  assert.is(entered.code, 0, entered.stderr);
  return entered;
}

test("changes by a shell that opened and exited between the last check of the vault and its lock are saved first", async () => {
  const host = await withVault();
  const late = `${shellBin} enter -- sh -c 'echo late > ~/secrets/late'`;
  await writeFile(host.path("once.sh"), `[ -e once ] || { touch once; ${late} 2> said; echo $? > code; }\n`);
  const first = await enterWithLock(host, "once.sh");
  // the outer run locks the vault
  assert.is(await text(host.path("code")), "0\n", await text(host.path("said")));
  assert.is(await host.secrets(), "", first.stderr);
  assert.is((await host.enter("cat ~/secrets/first ~/secrets/late")).stdout, "first\nlate\n");
});

test("changes by a shell that was killed between the last check of the vault and its lock are saved first", async () => {
  const host = await withVault("session: { autosave: off }\n");
  const beside = `${shellBin} enter -- sh -c 'echo late > ~/secrets/late; echo begun; sleep 600'`;
  await writeFile(
    host.path("start.sh"),
    `[ -e pid ] || { ${beside} > begun 2> said & echo $! > pid; until grep begun begun; do sleep 0.1; done; }\n`,
  );
  // a process that was killed runs on until the machine has time to end it
  await writeFile(
    host.path("kill.sh"),
    "[ -e killed ] || { read -r p < pid; kill -9 $p; while grep -q '^State:.[^Z]' /proc/$p/status; do sleep 0.1; done; touch killed; }\n",
  );
  // the vault counts as saved, since the shell beside will save it
  const first = await enterWithLock(host, "kill.sh", "start.sh");
  assert.match(first.stderr, "… lock: Another shell was opened here in the meantime");
  assert.is(await host.secrets(), "", first.stderr);
  assert.is((await host.enter("cat ~/secrets/first ~/secrets/late")).stdout, "first\nlate\n");
});

test("while a shell has the vault open, save asks for no passphrase; after the shell has ended, it needs one", async () => {
  const host = await withVault();
  const shell = await opened(host);
  shell.pty.line("echo more > ~/secrets/more; echo wri''tten");
  await shell.pty.expect("written");
  // the shell starts first, and then the process that serves the passphrase
  await until(async () => (await host.tazpod("save")).code === 0, 30);
  const names = async (): Promise<string> =>
    (await host.tazpod("vault", "ls", "--passphrase-file", host.passphraseFile)).stdout;
  assert.match(await names(), "more");
  await leave(shell);
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("echo last > ~/secrets/last");
  const alone = await host.tazpod("save");
  assert.is(alone.code, 4, alone.stderr);
  assert.is((await host.run("lock")).code, 0);
});

test("lock under an open shell saves and locks, and that shell ends with a message", async () => {
  const host = await withVault();
  const shell = await opened(host);
  shell.pty.line("echo more > ~/secrets/more; echo wri''tten");
  await shell.pty.expect("written");
  assert.is((await host.run("lock")).code, 0);
  assert.is(await host.secrets(), "");
  await leave(shell);
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "more\n");
});

test("lock names the processes that have files of the vault open, and --force ends them", async () => {
  const host = await withVault();
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("setsid sh -c 'exec 3<~/secrets/key; exec sleep 7777' >/dev/null 2>&1 &");
  const refused = await host.run("lock");
  assert.is(refused.code, 1, refused.stderr);
  assert.match(
    refused.stderr,
    /The RAM folder is empty, but processes in the container still have its files open: \d+ \(sleep\)/,
  );
  assert.is(await host.inside("ls -A ~/secrets"), ".tazpod\n");
  assert.match((await host.tazpod("status")).stdout, /= vault-open +locking the vault was interrupted/);
  // such a process does not get in the way of the next shell
  assert.is((await host.enter("cat ~/secrets/key; exec 3<&-", "--force")).stdout, "kept");
  await host.inside("setsid sh -c 'exec 3<~/secrets/key; exec sleep 7777' >/dev/null 2>&1 &").catch(() => "");
  const forced = await host.tazpod("lock", "--force");
  assert.is(forced.code, 0, forced.stderr);
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept");
});

test("tazpod in a shell of its own project is refused, with the reason; the prompt's line is not", async () => {
  const host = await withVault();
  host.env["TAZPOD_ENGINE"] = "process";
  const script = ["lock", "down", "status --short"]
    .map((task) => `${shellBin} ${task}; echo "exit $?"`)
    .join("; ");
  const { code, stdout, stderr } = await host.enter(script);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^exit 3\nexit 3\n\S+ \S*\nexit 0\n$/);
  assert.is(stderr.match(/This is a shell in the container of the project/g)?.length, 2, stderr);
  assert.is((await host.run("down")).code, 0);
});

test("Ctrl-C ends a command whose output goes to another program, and its children, and locks the vault", async () => {
  const host = await withVault();
  const script = `trap : INT
    { trap : INT; "$@"; echo "ended with $?" >&2; } | { trap "" INT; cat > log; }`;
  const command =
    "trap 'sleep 1; echo cleaned > ~/secrets/cleaned; exit 0' INT TERM; echo begun >&2; sleep 987 & wait";
  const pty = new Pty(
    ["sh", "-c", script, "sh", process.execPath, bin]
      .concat(["enter", "--yes", "--passphrase-file", host.passphraseFile, "--"])
      .concat(["sh", "-c", command]),
    { cwd: host.folder, env: host.env },
  );
  await pty.expect("begun");
  await until(async () => (await running(host)).includes("sleep 987"));
  pty.interrupt();
  await pty.expect(/ended with 130/);
  await pty.ended;
  assert.is(await running(host), "");
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/cleaned")).stdout, "cleaned\n");
});

test.run();
