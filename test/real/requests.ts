import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openEngine } from "../../lib/engine/choose-engine.js";
import { AskingSession, askingHost } from "../rig/asking.js";
import { newFolder } from "../rig/folder.js";
import { type Ended, engineName, removeHosts, run } from "../rig/host.js";
import { value } from "../rig/result.js";
import { until } from "../rig/until.js";

/** Programs in the container ask for commands with a closed part of the vault; a person answers. */
export function requestsSuite(): void {
  test.after(removeHosts);

  const once = { answer: "once" } as const;

  test("an allowed command runs in a container of its own, with the part and a copy of the project; its output is masked", async () => {
    const host = await askingHost({
      "look.sh": `cat ~/secrets/prod/key; echo "the key is $KEY" >&2; ls ~/secrets; pwd; ls -A /workspace; exit 7`,
    });
    await mkdir(host.path("sub"));
    await mkdir(host.path(".git"));
    const session = await AskingSession.open(host);
    const asked = session.run(
      `cd sub && tazpod-ask --part prod --why "look at it" --env KEY=prod/key -- sh ../look.sh 'two words' ''`,
    );
    const shown = await session.answer("sh ../look.sh", once);
    assert.equal(shown.command, {
      ...{ parts: ["prod"], argv: ["sh", "../look.sh", "two words", ""], folder: "/workspace/sub" },
      ...{ why: "look at it", write: false, variables: [{ name: "KEY", path: "prod/key" }] },
      variableFiles: [],
    });
    assert.equal(
      shown.files.map(({ path, type, bytes }) => ({ path, type, bytes })),
      [{ path: "look.sh", type: "file", bytes: (await readFile(host.path("look.sh"))).length }],
    );
    assert.equal(shown.openInShell, []);
    assert.is(shown.ruling.why, "No rule matches.");
    const done = await asked;
    assert.is(done.code, 7, done.stderr);
    assert.is(done.stdout, "***\nprod\n/workspace/sub\nlook.sh\nsub\n");
    assert.is(done.stderr.trim(), "the key is ***");
    // a pod takes a moment to end
    await until(async () => (await helpers(host.container)).length === 0);
    assert.is(await session.leave(), 0);
  });

  test("what is denied does not run; a command that was denied for good is not asked again, and one that was allowed for minutes is not either, until a file changes", async () => {
    const host = await askingHost({ "a.sh": "echo ran" });
    const session = await AskingSession.open(host);
    const deny = async (answer: "deny" | "never"): Promise<Ended> => {
      const asked = session.ask("sh a.sh x");
      await session.answer("sh a.sh x", { answer });
      return asked;
    };
    const denied = await deny("deny");
    assert.equal([denied.code, denied.stdout], [77, ""]);
    assert.match(denied.stderr, "tazpod-ask: refused: it was denied.");
    assert.is((await deny("never")).code, 77);
    const again = await session.ask("sh a.sh x");
    assert.is(again.code, 77);
    assert.match(again.stderr, "it was denied before, and is not asked again");
    const first = session.ask("sh a.sh");
    await session.answer("sh a.sh", { answer: "minutes", minutes: 5 });
    assert.is((await first).stdout, "ran\n");
    assert.is((await session.ask("sh a.sh")).stdout, "ran\n");
    await session.run("echo echo changed > a.sh");
    const changed = session.ask("sh a.sh");
    await session.answer("sh a.sh", once);
    assert.is((await changed).stdout, "changed\n");
    assert.is(await session.leave(), 0);
  });

  test("changes of the project are dropped, or with --write brought back; a file that has changed since is kept", async () => {
    const host = await askingHost({
      "kept.txt": "1\n",
      "gone.txt": "1\n",
      "both.txt": "1\n",
      "same.txt": "1\n",
    });
    const session = await AskingSession.open(host);
    const change =
      "sh -c 'echo 2 > both.txt; echo 2 > kept.txt; rm gone.txt; mkdir -p new; echo n > new/file; ln -s file new/link'";
    const dropped = session.ask(change);
    await session.answer("sh -c", once);
    assert.is((await dropped).code, 0);
    assert.is((await session.run("cat kept.txt; ls")).stdout, "1\nboth.txt\ngone.txt\nkept.txt\nsame.txt\n");
    const written = session.ask(change, "--part prod --write");
    const { id, command } = await session.received("sh -c");
    assert.ok(command.write);
    await session.run("echo mine > both.txt");
    await session.answer("sh -c", once);
    const done = await written;
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stderr, /Changed in the project: .*kept.txt/);
    assert.is(
      (await session.run(`cat kept.txt both.txt both.txt.from-${id} new/link; ls`)).stdout,
      `2\nmine\n2\nn\nboth.txt\nboth.txt.from-${id}\nkept.txt\nnew\nsame.txt\n`,
    );
    assert.is(await session.leave(), 0);
  });

  test("a request ends with its program, and a command with its request; nothing is left", async () => {
    const host = await askingHost();
    const session = await AskingSession.open(host);
    const stopped = await session.run(
      "tazpod-ask --part prod --why x -- sleep 1 & p=$!; sleep 3; kill $p; wait $p; echo $?",
    );
    assert.is(stopped.stdout, "143\n", stopped.stderr);
    await until(async () => (await session.requests()).length === 0);
    const running = session.run(
      "tazpod-ask --part prod --why x -- sh -c 'echo begun; sleep 100' > out & p=$!; until grep -q begun out; do sleep 0.2; done; kill $p; wait $p; echo $?",
    );
    await session.answer("sh -c", once);
    assert.is((await running).stdout, "143\n");
    await until(
      async () => (await session.requests()).length === 0 && (await helpers(host.container)).length === 0,
    );
    const denied = session.ask("sh -c 'echo begun; sleep 100'");
    const { id } = await session.answer("sh -c", once);
    await session.received("sh -c", "running");
    await session.say({ op: "answer", id, answer: "deny" });
    assert.is((await denied).code, 70);
    assert.is((await session.run("ls -A ~/.local/state/tazpod-requests/*")).stdout, "ask\n");
    assert.is(await session.leave(), 0);
  });

  test("when the session is killed, a waiting program and the command's container end; without a session the program says so", async () => {
    const host = await askingHost();
    const session = await AskingSession.open(host);
    const waiting = session.ask("true");
    const running = session.ask("sh -c 'echo begun; sleep 300' > begun");
    await session.answer("sh -c", once);
    await session.received("true");
    await until(async () => (await session.run("cat begun")).stdout !== "");
    await session.shell.kill("SIGKILL");
    for (const asked of [waiting, running]) {
      const { code, stderr } = await asked;
      assert.is(code, 69, stderr);
      assert.match(stderr, "tazpod-ask: the tazpod session has ended");
    }
    let left: readonly string[] = [];
    await until(
      async () => (left = await helpers(host.container)).length === 0,
      90,
      () => left.join(", "),
    );
    const without = await session.ask("true");
    assert.is(without.code, 69, without.stderr);
    assert.match(without.stderr, "no tazpod session listens for requests");
    assert.match(without.stderr, "`tazpod run enter`");
  });

  test("with several shells, one receives a request at once, whichever leaves or was killed", async () => {
    const host = await askingHost();
    const first = await AskingSession.open(host);
    const [second, third] = await Promise.all([AskingSession.open(host), AskingSession.open(host)]);
    const heard = async (session: AskingSession, word: string): Promise<void> => {
      const asked = session.ask(`echo ${word}`);
      await session.answer(`echo ${word}`, once);
      assert.is((await asked).stdout, `${word}\n`);
    };
    await heard(second, "all");
    assert.is(await second.leave(), 0);
    await heard(third, "two");
    // what it leaves behind names a process that runs: as after a restart of the container
    await third.run("cd ~/.local/state/tazpod-requests && mkdir 1-1 && mkfifo 1-1/ask");
    await first.shell.kill("SIGKILL");
    const fourth = await AskingSession.open(host);
    await heard(fourth, "again");
    assert.is(await third.leave(), 0);
    await heard(fourth, "one");
    assert.is(await fourth.leave(), 0);
    assert.is(await host.inside("ls -A ~/.local/state/tazpod-requests"), "");
  });

  test("wrong usage is explained", async () => {
    const host = await askingHost();
    const session = await AskingSession.open(host);
    const wrong: readonly (readonly [script: string, message: RegExp])[] = [
      ["tazpod-ask --part prod --why x", /the command after -- is missing/],
      ["tazpod-ask --part prod -- true", /--why is missing: say what the command is for/],
      ["tazpod-ask --why x -- true", /--part is missing/],
      ["tazpod-ask --part", /--part needs a value/],
      ["tazpod-ask --prt prod", /unknown option --prt/],
      ["tazpod-ask --part prd --why x -- true", /prd.*prod/s],
      ["cd /tmp; tazpod-ask --part prod --why x -- true", /made in \/workspace/],
      [
        `tazpod-ask --part prod --why x -- echo "$(head -c 20000 /dev/zero | tr '\\0' x)"`,
        /the limit is 16384/,
      ],
    ];
    for (const [script, message] of wrong) {
      const done = await session.run(script);
      assert.is(done.code, 64, `${script}: ${done.stderr}`);
      assert.match(done.stderr, message);
    }
    assert.match((await session.run("tazpod-ask --help")).stdout, "usage: tazpod-ask");
    // the answer is there before the programs that show it have started
    const slow =
      "mkdir -p ~/slow; printf '#!/bin/sh\\nsleep 2\\nexec /bin/cat \"$@\"' > ~/slow/cat; chmod 755 ~/slow/cat; ";
    const late = await session.run(`${slow}PATH=~/slow:$PATH; tazpod-ask --part prd --why x -- true`);
    assert.is(late.code, 64, late.stderr);
    assert.match(late.stderr, /prd.*prod/s);
    assert.is(await session.leave(), 0);
  });

  test("rules allow and deny without asking; what a rule allows sees nothing of the project", async () => {
    const host = await askingHost({ file: "x" });
    const folder = await newFolder("config");
    await mkdir(join(folder, "tazpod"));
    const rules = ["allow, part: prod, command: [ls, /workspace]", "deny, prefix: [cat]"];
    await writeFile(
      join(folder, "tazpod", "requests.yaml"),
      `rules:\n${rules.map((rule) => `  - { decision: ${rule} }\n`).join("")}`,
      { mode: 0o600 },
    );
    host.env["XDG_CONFIG_HOME"] = folder;
    const session = await AskingSession.open(host);
    const allowed = await session.ask("ls /workspace");
    assert.equal([allowed.code, allowed.stdout], [0, ""], allowed.stderr);
    const denied = await session.ask("cat file");
    assert.is(denied.code, 77);
    assert.match(denied.stderr, /refused by a rule: .*requests.yaml:3/);
    const asked = session.ask("ls");
    await session.answer("ls", once);
    assert.is((await asked).stdout, "file\n");
    assert.is(await session.leave(), 0);
  });
}

/** The containers of commands that have not ended. */
async function helpers(container: string): Promise<readonly string[]> {
  if (engineName === "kubernetes") {
    const engine = await openEngine(engineName);
    const listed = value((await engine.listContainers?.(container)) ?? { ok: true, value: [] });
    return listed
      .filter(({ isHelper, state }) => isHelper && /Running|Pending/.test(state))
      .map(({ name, state }) => `${name} ${state}`);
  }
  const { stdout } = await run(engineName, ["ps", "--all", "--format", "{{.Names}}"]);
  return stdout.split("\n").filter((name) => name.startsWith(`${container}-with-`));
}
