import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMask } from "../../lib/host/mask.js";

async function masked(secrets: readonly string[], chunks: readonly (string | Buffer)[]): Promise<string> {
  const stream = createMask(secrets.map((secret) => Buffer.from(secret)));
  const read = stream.toArray();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return Buffer.concat(await read).toString();
}

test("a secret is masked wherever it occurs, and nothing else is changed", async () => {
  assert.is(await masked(["hunter22"], ["a hunter22 b hunter22\n", "hunter2\n"]), "a *** b ***\nhunter2\n");
  assert.is(await masked(["päss"], ["ein päss wört\n"]), "ein *** wört\n");
});

test("the beginning of a secret at the end is printed, unless the mask is strict", async () => {
  assert.is(await masked(["hunter22"], ["a hun", "ter2"]), "a hunter2");
  for (const [text, shown] of [
    ["a hunter2", "a ***"],
    ["a hunt", "a ***"],
    ["a hun", "a hun"],
    ["hunter22 b", "*** b"],
  ] as const) {
    const stream = createMask([Buffer.from("hunter22")], true);
    stream.end(text);
    assert.is(Buffer.concat(await stream.toArray()).toString(), shown);
  }
});

test("a secret is masked even if it is split across chunks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[ab]{4,6}$/), { minLength: 1, maxLength: 3 }),
      fc.array(fc.stringMatching(/^[abc\n]{0,5}$/), { maxLength: 12 }),
      fc.nat(12),
      async (secrets, chunks, where) => {
        const [secret = ""] = secrets;
        const all = [...chunks.slice(0, where), "c", ...secret, "c", ...chunks.slice(where)];
        const shown = await masked(secrets, all);
        for (const one of secrets) assert.not(shown.includes(one), JSON.stringify({ secrets, all, shown }));
        assert.is(await masked(secrets, [all.join("")]), shown);
      },
    ),
    { numRuns: 300 },
  );
});

test("if one secret is a prefix of another, the longer one is masked completely", async () => {
  assert.is(await masked(["abcd", "abcd1234"], ["x abcd", "1234 y"]), "x *** y");
  assert.is(await masked(["abcd", "abcd1234"], ["x abcd", "12zz y"]), "x ***12zz y");
});

test("each line of a multi-line secret is also masked on its own", async () => {
  const key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nab\n-----END KEY-----";
  assert.is(await masked([key], [`${key}\n`]), "***\n");
  assert.is(await masked([key], ["> MIIEvQIBADANBgkq\n> ab\n"]), "> ***\n> ab\n");
});

test("output that may be the start of a secret is held back, and printed at the end", async () => {
  const stream = createMask([Buffer.from("secret-value")]);
  const chunks: string[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  const passed = (text: string): Promise<void> =>
    new Promise((resolve) => stream.write(text, () => setImmediate(resolve)));
  await passed("prompt> ");
  assert.is(chunks.join(""), "prompt> ");
  await passed("secret-");
  assert.is(chunks.join(""), "prompt> ");
  stream.end();
  await new Promise((resolve) => stream.once("end", resolve));
  assert.is(chunks.join(""), "prompt> secret-");
});

test("values too short to be distinguished from other text are not masked", async () => {
  assert.is(await masked(["abc", ""], ["abcabc\n"]), "abcabc\n");
});

test.run();
