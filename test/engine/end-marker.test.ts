import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { markedArgv, newMarker, unmark, unmarkText } from "../../lib/engine/kubernetes/end-marker.js";
import { run } from "../rig/host.js";

test("the marker is taken off wherever a chunk ends, and has the exit code", async () => {
  const marker = newMarker();
  const whole = Buffer.from(`first\nlast${marker} 017\n`);
  for (let cut = 1; cut < whole.length; cut++) {
    const { stream, code } = unmark(marker);
    const out = await text(Readable.from([whole.subarray(0, cut), whole.subarray(cut)]).pipe(stream));
    assert.equal([out, code()], ["first\nlast", 17]);
  }
});

test("a stream that ends anywhere before the end of its marker has no exit code", async () => {
  const marker = newMarker();
  const whole = Buffer.from(`some output${marker} 000\n`);
  for (let length = 0; length < whole.length; length++) {
    const { stream, code } = unmark(marker);
    const out = await text(Readable.from([whole.subarray(0, length)]).pipe(stream));
    assert.equal([out, code()], [whole.subarray(0, length).toString(), undefined]);
  }
});

test("output is passed on as it comes, but for what may be the beginning of the marker", async () => {
  const marker = newMarker();
  const { stream } = unmark(marker);
  for (const [given, passed] of [
    ["ready\n", "ready\n"],
    [`more ${marker.slice(0, 5)}`, "more "],
    ["x", `${marker.slice(0, 5)}x`],
  ] as const) {
    stream.write(given);
    assert.is(String(stream.read()), passed);
  }
  stream.destroy();
});

test("another marker at the end is output", async () => {
  const { stream, code } = unmark(newMarker());
  const other = `${newMarker()} 000\n`;
  assert.equal([await text(Readable.from([Buffer.from(other)]).pipe(stream)), code()], [other, undefined]);
});

test("the marker is taken off an error text without its last newline", () => {
  const marker = newMarker();
  assert.equal(unmarkText(`tar: gone${marker} 002`, marker), { text: "tar: gone", isWhole: true });
  assert.equal(unmarkText(`${marker} 000`, marker), { text: "", isWhole: true });
  assert.equal(unmarkText(`tar: gone${marker} 00`, marker), {
    text: `tar: gone${marker} 00`,
    isWhole: false,
  });
});

test("the script keeps output, errors, arguments, folder, variables and every exit code", async () => {
  for (const code of [0, 1, 126, 137, 200, 201, 202, 203, 255]) {
    const marker = newMarker();
    const program = [
      "sh",
      "-c",
      `printf '%s|%s|%s' "$1" "$V" "$PWD"; printf bad >&2; exit ${code}`,
      "sh",
      "a  'b",
    ];
    const [file = "", ...rest] = markedArgv(marker, program, { env: { V: "x y" }, workdir: "/usr" });
    const done = await run(file, rest);
    assert.is(done.code, 0);
    assert.is(done.stdout, `a  'b|x y|/usr${marker} ${String(code).padStart(3, "0")}\n`);
    assert.is(done.stderr, `bad${marker} ${String(code).padStart(3, "0")}\n`);
  }
});

test.run();
