import { PassThrough, Readable } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readBody } from "../../lib/remote/body-stream.js";
import { ok } from "../../lib/failure/result.js";

/** Reads a body; returns what was written and the code of the error. */
async function read(
  body: Readable,
  total: number,
  stall = 30_000,
): Promise<{ readonly written: string; readonly code: unknown }> {
  let written = "";
  const code = await readBody(
    body,
    total,
    { write: async (piece) => ((written += piece.toString()), ok(undefined)) },
    stall,
  ).then(
    () => undefined,
    (error: unknown) => (error as NodeJS.ErrnoException).code ?? error,
  );
  return { written, code };
}

const pieces = (...texts: readonly string[]): Readable =>
  Readable.from(texts.map((text) => Buffer.from(text)));

test("a body of the announced length is passed on completely", async () => {
  assert.equal(await read(pieces("ab", "cd"), 4), { written: "abcd", code: undefined });
  assert.equal(await read(pieces(), 0), { written: "", code: undefined });
});

test("a body that ends early is a broken connection", async () => {
  assert.equal(await read(pieces("ab", "c"), 4), { written: "abc", code: "ECONNRESET" });
});

test("a body that is longer than announced is a broken connection, and the excess is not written", async () => {
  assert.equal(await read(pieces("ab", "cd", "e"), 4), { written: "abcd", code: "ECONNRESET" });
});

test("a body that stalls ends with a time limit, which each piece restarts", async () => {
  const body = new PassThrough();
  const reading = read(body, 8, 200);
  for (const text of ["ab", "cd", "ef"]) {
    body.write(text);
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  assert.equal(await reading, { written: "abcdef", code: "ETIMEDOUT" });
});

test.run();
