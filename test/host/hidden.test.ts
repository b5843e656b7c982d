import { spawnSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";

// Texts that are hidden in all that is printed. They stay hidden, so each test has a process of its own.

const module = (name: string): string =>
  JSON.stringify(new URL(`../../lib/host/${name}.js`, import.meta.url));

function printed(code: string): { readonly stdout: string; readonly stderr: string } {
  const text = `
import { hide } from ${module("hidden")};
import * as screen from ${module("screen")};
import { passThrough } from ${module("process")};
import { foreground } from ${module("foreground")};
${code}`;
  return spawnSync(process.execPath, ["--input-type=module", "--eval", text], { encoding: "utf8" });
}

test("every hidden text and its longer lines are replaced in results, notes and JSON", () => {
  const { stdout, stderr } = printed(`
hide("hunter22"); hide('first line\\nsay "x" twice');
screen.printResult("a hunter22, first line");
screen.printJson({ a: ["hunter22"], b: 'first line\\nsay "x" twice!' });
screen.printNote("b hunter22 say \\"x\\" twice");
`);
  assert.is(stdout, 'a ***, ***\n{"a":["***"],"b":"***!"}\n');
  assert.is(stderr, "b *** ***\n");
});

test("a short text is not hidden, since it would be found everywhere", () => {
  assert.is(printed('hide("a"); screen.printResult("a banana");').stdout, "a banana\n");
});

test("programs are shown without it, on both outputs, before the call returns", () => {
  const program = `["sh", "-c", "echo out hunt\\"\\"er22; echo err hunter22 >&2"]`;
  for (const how of [`passThrough(${program}, {}, 1)`, `foreground(${program}, { output: 1 })`]) {
    const { stdout, stderr } = printed(`hide("hunter22"); await ${how}; screen.printResult("end");`);
    assert.is(stdout, "out ***\nend\n", how);
    assert.is(stderr, "err ***\n", how);
  }
});

test("what a program prints can be kept while it is shown, and a reader that has gone ends it", () => {
  const { stdout, stderr } = printed(`
const kept = [];
const done = await passThrough(["sh", "-c", "echo one; echo two >&2"], { onStdout: (chunk) => kept.push(chunk) }, 1);
screen.printResult(JSON.stringify([done.value.code, Buffer.concat(kept).toString()]));
`);
  assert.is(stdout, 'one\n[0,"one\\n"]\n');
  assert.is(stderr, "two\n");
  const code = `import { passThrough } from ${module("process")}; import ${module("screen")};
const done = await passThrough(["yes"], { onStdout: () => undefined }, 1); process.stderr.write(String(done.value.signal));`;
  const ended = spawnSync(
    "sh",
    ["-c", '"$0" --input-type=module --eval "$1" | head -n 1', process.execPath, code],
    {
      encoding: "utf8",
    },
  );
  assert.is(ended.stdout, "y\n");
  assert.match(ended.stderr, "SIGPIPE");
});

test.run();
