import { test } from "uvu";
import * as assert from "uvu/assert";
import { printableLines } from "../../lib/host/printable.js";
import { waitingLimits } from "../../lib/requests/queue.js";
import { AskingSession, askingHost, prodKey } from "../rig/asking.js";
import { removeHosts } from "../rig/host.js";
import { until } from "../rig/until.js";

const once = { answer: "once" } as const;

/** A program in the shell's container, with the user's rights, wants the part that is closed to it. */
export function hostileAskingSuite(): void {
  test.after(removeHosts);

  test("what runs is what was shown, whatever happens to the project, its links and the request in between", async () => {
    const host = await askingHost({
      "a.sh": ". ./lib.sh; cat link",
      "lib.sh": "echo good",
      plain: "good file\n",
    });
    const session = await AskingSession.open(host);
    await session.run("ln -s plain link");
    const asked = session.ask("sh a.sh");
    const { id } = await session.received("sh a.sh");
    await session.run(`echo 'cat ~/secrets/prod/key | tr a-z A-Z' | tee a.sh lib.sh >/dev/null
rm link; ln -s /home/tazpod/secrets/prod/key link
for r in ~/.local/state/tazpod-requests/*/*/request; do printf 'part=prod\\0why=x\\0folder=/workspace\\0command\\0cat\\0' > "$r"; done`);
    await session.say({ op: "answer", id, ...once });
    const done = await asked;
    assert.equal([done.code, done.stdout], [0, "good\ngood file\n"], done.stderr);
    assert.is(await session.leave(), 0);
  });

  test("answers written inside, repeated and invented requests run nothing", async () => {
    const host = await askingHost();
    const session = await AskingSession.open(host);
    const asked = session.ask("touch ran", "--part prod --write");
    await session.received("touch");
    const done = await session.run(`cd ~/.local/state/tazpod-requests/*-*
for n in [0-9a-f]*; do
  printf '%s 1\\n%s 99999\\n%s %s\\n' "$n" "$n" "$n" "$$" > ask
  echo 0 > "$n/code"
  # opened for reading, too: the program may have ended, and with it the readers
  echo approved 1<> "$n/err"; echo approved 1<> "$n/out"
done
printf 'asks 0123456789abcdef 1 1\\nanswer once\\n\\033[2J\\n' > ask
head -c 100000 /dev/zero | tr '\\0' x > ask
sleep 3; ls /workspace`);
    assert.is(done.stdout, "");
    // the program was told so by another one of its user; the session knows better
    assert.is((await asked).code, 0);
    await until(async () => (await session.requests()).length === 0);
    const honest = session.ask("echo fine");
    await session.answer("echo fine", once);
    assert.is((await honest).stdout, "fine\n");
    assert.is(await session.leave(), 0);
  });

  test("a program that stops what tazpod runs inside keeps neither the session nor the vault open", async () => {
    const host = await askingHost();
    for (const harm of [
      `for p in /proc/[0-9]*; do
  case "$(tr '\\0' ' ' < "$p/cmdline") " in *" tazpod-guard "*|*" tazpod-requests "*) echo "\${p#/proc/}";; esac
done > /tmp/found; grep -vx "$$" /tmp/found | xargs kill -STOP`,
      `cd ~/.local/state/tazpod-requests/*-*; n=0123456789abcdef; mkdir $n; mkfifo $n/err $n/code; exec 9> $n/alive 8<> $n/err
yes | dd bs=65536 count=1 >&8 2>/dev/null; printf '%s %s\\n' $n $$ > ask; sleep 300`,
    ]) {
      const session = await AskingSession.open(host);
      const running = session.run(harm);
      await Promise.race([
        running.catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, 3_000)),
      ]);
      const begun = Date.now();
      assert.is(await session.leave(), 0);
      assert.ok(Date.now() - begun < 60_000);
      assert.is(await host.inside("ls -A ~/secrets"), "");
      await host.removeContainer();
      await running.catch(() => undefined);
    }
  });

  test("a program that floods takes a few places only, and an honest one in another shell is heard", async () => {
    const host = await askingHost();
    const session = await AskingSession.open(host);
    const flood = session.run(`n=0
while [ "$n" -lt 12 ]; do n=$((n + 1)); (setsid tazpod-ask --part prod --why x -- flood $n >/dev/null 2>&1 &) ; done
d=~/.local/state/tazpod-requests
while [ ! -e /tmp/stop ]; do printf 'ffffffffffffffff %s\\n' "$$"; done > "$(echo $d/*/ask)"`);
    await session.received("flood");
    const begun = Date.now();
    const honest = session.ask("echo honest");
    await session.answer("echo honest", once);
    assert.is((await honest).stdout, "honest\n");
    assert.ok(Date.now() - begun < 60_000);
    const waiting = (await session.requests()).filter(({ command }) => command.argv[0] === "flood");
    assert.is(waiting.length, waitingLimits.ofOrigin);
    await session.run("touch /tmp/stop");
    await flood;
    assert.is(await session.leave(), 0);
  });

  test("while the command runs, its part is in nothing that other programs reach; its output shows no value, in pieces either", async () => {
    const host = await askingHost({
      "run.sh": `k=$(sed 's/.*"\\(.*\\)".*/\\1/' ~/secrets/prod/key)
cp ~/secrets/prod/key /dev/shm/copy; cp ~/secrets/prod/key /tmp/copy; cp ~/secrets/prod/key /workspace/copy
printf %s "$k" | head -c 5; sleep 0.3; printf %s "$k" | tail -c +6; echo
KEY=$k sh -c 'echo "in $KEY" >&2; ulimit -c; until [ -e /tmp/never ]; do sleep 1; done' "$k"`,
    });
    const session = await AskingSession.open(host);
    const asked = session.ask("sh run.sh > /tmp/out 2> /tmp/err");
    const { id } = await session.answer("sh run.sh", once);
    // then the secret is in its environment and arguments
    await until(async () => (await session.run("cat /tmp/err")).stdout.startsWith("in "));
    const looked = await session.run(`{
cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'
cat /dev/shm/* /tmp/copy /workspace/copy ~/secrets/prod/* /proc/*/root/home/tazpod/secrets/prod/key
cat /proc/*/root/tmp/copy /proc/*/root/dev/shm/copy /proc/*/cwd/copy
grep -r ${prodKey.slice(0, 6)} /workspace /dev/shm /tmp ~ --exclude run.sh
} 2>/dev/null; ls ~/secrets; cat /proc/sys/kernel/core_pattern`);
    assert.not.match(looked.stdout, prodKey);
    assert.match(looked.stdout, "readme");
    await session.say({ op: "answer", id, answer: "deny" });
    assert.is((await asked).code, 70);
    assert.is((await session.run("cat /tmp/out")).stdout, "***\n0\n");
    assert.match((await session.run("cat /tmp/err")).stdout, /^in \*\*\*\n/);
    assert.is(await session.leave(), 0);
  });

  test("half of a value is not shown either, when its command is stopped", async () => {
    const host = await askingHost();
    const session = await AskingSession.open(host);
    const asked = session.ask(
      "sh -c 'head -c 17 ~/secrets/prod/key; echo up >&2; sleep 100' > /tmp/out 2> /tmp/err",
    );
    const { id } = await session.answer("sh -c", once);
    await until(async () => (await session.run("cat /tmp/err")).stdout.startsWith("up"));
    await session.say({ op: "answer", id, answer: "deny" });
    assert.is((await asked).code, 70);
    assert.is((await session.run("cat /tmp/out")).stdout, "***");
    assert.is(await session.leave(), 0);
  });

  test("control characters reach the person as data, and a request cannot answer for another", async () => {
    const host = await askingHost();
    const session = await AskingSession.open(host);
    const asked = session.run(
      `tazpod-ask --part prod --why "$(printf 'approve me\\033[2J\\a\\342\\200\\256')" -- echo "$(printf '\\033]0;x\\a\\ntwo')" ''`,
    );
    const shown = await session.received("echo");
    assert.equal(shown.command.argv, ["echo", "\u001b]0;x\u0007\ntwo", ""]);
    const listed = await host.tazpod("requests");
    assert.not(hasControls(listed.stdout));
    assert.match(listed.stdout, shown.id);
    assert.is((await host.tazpod("approve", "zzzz")).code === 0, false);
    assert.is((await host.tazpod("deny", shown.id)).code, 0);
    assert.is((await asked).code, 77);
    assert.is((await host.tazpod("approve", shown.id)).code === 0, false);
    const audit = await host.tazpod("audit", "--all");
    assert.is(audit.code, 0, audit.stderr);
    assert.not(hasControls(audit.stdout));
    assert.match(audit.stdout, /deny/);
    assert.is(await session.leave(), 0);
  });
}

const hasControls = (text: string): boolean => printableLines(text) !== text;
