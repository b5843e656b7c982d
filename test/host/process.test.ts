import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { capture, piped } from "../../lib/host/process.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";
import { until } from "../rig/until.js";

test("a program that prints more than the limit is stopped, and the failure names it", async () => {
  const done = await capture(["sh", "-c", "yes"], { limitBytes: 1024 });
  assert.equal(done.ok ? undefined : done.failure, {
    kind: "too-much-output",
    what: "sh -c yes",
    limit: 1024,
  });
});

test("arguments that the system or Node refuses are a failure that does not repeat them", async () => {
  for (const isQuestion of [true, false])
    for (const [argument, code] of [
      ["x".repeat(200_000), "E2BIG"],
      ["secret\0", "ERR_INVALID_ARG_VALUE"],
    ] as const) {
      const done = await capture(["echo", argument], { isQuestion });
      if (done.ok || done.failure.kind !== "file") throw new Error(JSON.stringify(done));
      assert.is(done.failure.code, code);
      assert.not.match(JSON.stringify(done.failure), /secret|xxx/);
    }
});

test("the default limit is exactly 16 MiB", async () => {
  const most = 16 * 1024 ** 2;
  const print = (bytes: number): string[] => ["head", "-c", String(bytes), "/dev/zero"];
  assert.is(value(await capture(print(most))).stdout.length, most);
  assert.not.ok((await capture(print(most + 1))).ok);
});

test("an endless line is passed on in pieces", async () => {
  const lines: number[] = [];
  value(
    await capture(["sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x"], {
      onLine: (line) => lines.push(line.length),
    }),
  );
  assert.ok(lines.length > 0 && lines.every((length) => length <= 64 * 1024));
});

test("a program that neither prints nor takes input for its time is ended; one that is slow, or that waits for this process, is not", async () => {
  const stallMs = 400;
  const slow = "for n in 1 2 3 4; do sleep 0.2; echo $n; done";
  assert.is(value(await capture(["sh", "-c", slow], { stallMs })).stdout.toString(), "1\n2\n3\n4\n");
  const silent = await capture(["sleep", "60"], { stallMs });
  assert.is(silent.ok ? "" : silent.failure.kind, "timeout");
  const deaf = await capture(["sleep", "60"], { stallMs, input: Buffer.alloc(1_000_000) });
  assert.is(deaf.ok ? "" : deaf.failure.kind, "timeout");

  const source = new PassThrough();
  const fed = capture(["cat"], { stallMs, input: source });
  source.write("first ");
  await sleep(1_000);
  source.end("last");
  assert.is(value(await fed).stdout.toString(), "first last");

  // the reader of its output takes a pause
  const { stdout, done } = piped(["head", "-c", "1000000", "/dev/zero"], { stallMs });
  await sleep(1_000);
  assert.is((await buffer(stdout)).length, 1_000_000);
  assert.ok((await done).ok);
});

for (const [what, trap] of [
  ["", ""],
  [" that ignores SIGTERM", "trap '' TERM; "],
] as const)
  test(`an abort ends a program and its child${what}, even one that does not hold its output`, async () => {
    const note = join(await newFolder(), "pid");
    const stop = new AbortController();
    const script = `${trap}sh -c '${trap === "" ? "" : 'trap "" TERM; '}echo $$ > ${note}; while :; do sleep 1; done' >/dev/null 2>&1 & wait`;
    const { done } = piped(["sh", "-c", script], { signal: stop.signal });
    await until(async () => existsSync(note) && (await readFile(note, "utf8")) !== "");
    const pid = (await readFile(note, "utf8")).trim();
    stop.abort("SIGTERM");
    const ended = await done;
    assert.equal(ended.ok ? undefined : ended.failure, { kind: "interrupted", signal: "SIGTERM" });
    assert.not.ok(await isAlive(pid));
  });

/** Returns false for a process that ended but was not reaped yet. */
async function isAlive(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
}

test.run();
