import { randomBytes } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startSharedShell, type SharedShell } from "../../lib/engine/shared-shell.js";
import { fail } from "../../lib/failure/result.js";
import { type Finished, piped } from "../../lib/host/process.js";
import { run } from "../rig/host.js";
import { until } from "../rig/until.js";

// A shell of this host stands for the one in a container.

let pid = 0;

function newShell(program = "sh"): SharedShell {
  return startSharedShell(
    ([, ...rest], { onStart, ...options }) =>
      piped([program, ...rest], {
        ...options,
        onStart: (child) => {
          pid = child.pid ?? 0;
          onStart?.(child);
        },
      }),
    async (done) => (done.ok ? fail({ kind: "connection-lost", container: "c", detail: "cut" }) : done),
  );
}

async function finished(shell: SharedShell, argv: readonly string[]): Promise<Finished & { text: string }> {
  const { stdout, done } = shell.run(argv);
  const [read, result] = await Promise.all([text(stdout), done]);
  assert.ok(result.ok, JSON.stringify(result));
  return { ...result.value, text: read };
}

for (const program of ["dash", "bash"]) {
  test(`programs run one after the other in one ${program}, each with its own output and exit code`, async () => {
    const shell = newShell(program);
    const script = `printf 'a\\nb'; printf 'oops\\n' >&2; exit 7`;
    const done = await finished(shell, ["sh", "-c", script]);
    assert.equal([done.code, done.text, done.stderr], [7, "a\nb", "oops"]);
    const words = ["it's", "a b", "$(echo no)", "line\nline", "", "-n", "\\n"];
    assert.is((await finished(shell, ["printf", "<%s>", ...words])).text, `<${words.join("><")}>`);
    assert.equal([(await finished(shell, ["no-such-program"])).code, shell.state()], [127, "free"]);
    // a program cannot read the ones that come after it
    assert.is((await finished(shell, ["cat"])).text, "");
    assert.is((await finished(shell, ["sh", "-c", "kill -9 $$"])).code, 137);
    assert.is((await finished(shell, ["true"])).code, 0);
  });
}

test("a large binary output is whole, and a reader that stops does not stop the shell", async () => {
  const shell = newShell();
  const folder = await mkdtemp(join(tmpdir(), "shell-"));
  const file = join(folder, "bytes");
  await run("sh", ["-c", `head -c 5000000 /dev/urandom > ${file}`]);
  const { stdout, done } = shell.run(["cat", file]);
  assert.is(shell.state(), "busy");
  assert.ok((await buffer(stdout)).equals(await readFile(file)));
  assert.ok((await done).ok);
  const unread = shell.run(["cat", file]);
  unread.stdout.destroy();
  assert.ok((await unread.done).ok);
  const errors = await finished(shell, ["sh", "-c", "head -c 300000 /dev/zero | tr '\\0' e >&2; exit 3"]);
  assert.equal([errors.code, errors.stderr], [3, "e".repeat(64 * 1024)]);
});

test("output is passed on at once, also when it ends like the beginning of an id", async () => {
  const shell = newShell();
  const { stdout, done } = shell.run(["sh", "-c", "printf begun; sleep 0.3; printf ' end'"]);
  const first = await new Promise<string>((resolve) =>
    stdout.once("data", (chunk: Buffer) => resolve(String(chunk))),
  );
  assert.is(first, "begun");
  assert.is(await text(stdout), " end");
  assert.ok((await done).ok);
  // hexadecimal digits, any of which may begin an id
  const digits = randomBytes(5_000).toString("hex");
  for (const length of [1, 31, 32, 33, 9_999])
    assert.is(
      (await finished(shell, ["printf", "%s", digits.slice(0, length)])).text,
      digits.slice(0, length),
    );
});

test("an interrupt or a time limit ends the program and the shell", async () => {
  const [limited, stop] = [newShell(), new AbortController()];
  const late = limited.run(["sleep", "60"], { timeoutMs: 100 });
  late.stdout.resume();
  assert.equal(await late.done, fail({ kind: "timeout", what: "sleep 60", ms: 100 }));
  assert.is(limited.state(), "ended");
  const shell = newShell();
  const { stdout, done } = shell.run(["sleep", "60"], { signal: stop.signal });
  stdout.resume();
  stop.abort("SIGTERM");
  assert.equal(await done, fail({ kind: "interrupted", signal: "SIGTERM" }));
  const before = newShell().run(["sleep", "60"], { signal: stop.signal });
  before.stdout.resume();
  assert.equal(await before.done, fail({ kind: "interrupted", signal: "SIGTERM" }));
});

test("a program that prints nothing for its time is ended, one that is slow is not", async () => {
  const slow = newShell().run(["sh", "-c", "for n in 1 2 3 4 5; do sleep 0.2; echo $n; done"], {
    stallMs: 400,
  });
  assert.is(await text(slow.stdout), "1\n2\n3\n4\n5\n");
  assert.ok((await slow.done).ok);
  const silent = newShell().run(["sleep", "60"], { stallMs: 400 });
  silent.stdout.resume();
  assert.match(JSON.stringify(await silent.done), /timeout.*400/);
});

test("a shell that ends under a program is not taken for the program's end", async () => {
  const shell = newShell();
  const { stdout, done } = shell.run(["sh", "-c", "echo part; sleep 60"]);
  await new Promise((resolve) => stdout.once("data", resolve));
  process.kill(-pid, "SIGKILL");
  assert.equal(await done, fail({ kind: "connection-lost", container: "c", detail: "cut" }));
  assert.is(shell.state(), "ended");
});

test("a shell answers, or is ended after the time limit", async () => {
  const shell = newShell();
  assert.is(await shell.answers(5_000), true);
  process.kill(pid, "SIGSTOP");
  assert.equal([await shell.answers(100), shell.state()], [false, "ended"]);
  process.kill(pid, "SIGCONT");
});

for (const [use, script] of [
  ["that was used", "const { stdout, done } = shell.run(['echo', 'x']); stdout.resume(); await done;"],
  ["that was never used", ""],
] as const) {
  test(`a shell ${use} does not keep the process alive, and ends with it`, async () => {
    const lib = new URL("../../lib/", import.meta.url).href;
    const program = `
    import { startSharedShell } from "${lib}engine/shared-shell.js";
    import { piped } from "${lib}host/process.js";
    const start = (argv, options) => piped(argv, { ...options, onStart: (c) => (console.log(c.pid), options.onStart(c)) });
    const shell = startSharedShell(start, async (done) => done);
    ${script}
    process.once("beforeExit", () => console.log(shell.state()));`;
    const ended = await run(process.execPath, ["--input-type=module", "-e", program]);
    assert.is(ended.code, 0, ended.stderr);
    const [child, state] = ended.stdout.trim().split("\n");
    // it has not waited until the shell was no longer used
    assert.is(state, "free");
    await until(async () => {
      try {
        return process.kill(Number(child), 0) && false;
      } catch {
        return true;
      }
    });
  });
}

test.run();
