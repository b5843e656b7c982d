import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gzip } from "../../lib/vault/archive/gzip.js";
import { all } from "../rig/seal.js";

const test = suite("gzip");

function gzipped(chunks: readonly Buffer[]): Promise<Buffer> {
  return all(gzip(Readable.from(chunks)));
}

test("any mix of text and random bytes, in any chunks, round-trips", async () => {
  const chunk = fc.record({ random: fc.boolean(), size: fc.nat({ max: 40_000 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), async (pieces) => {
      const chunks = pieces.map(({ random, size }) =>
        random ? randomBytes(size) : Buffer.alloc(size, "some text "),
      );
      assert.ok(gunzipSync(await gzipped(chunks)).equals(Buffer.concat(chunks)));
    }),
    {
      numRuns: 40,
      examples: [
        [
          [
            { random: false, size: 1 },
            { random: true, size: 0 },
          ],
        ],
      ],
    },
  );
});

test("the system's gzip reads it", async () => {
  const chunks = [Buffer.alloc(100_000, "text "), randomBytes(200_000), Buffer.alloc(100_000, "more text ")];
  const packed = await gzipped(chunks);
  execFileSync("gzip", ["-t"], { input: packed });
  assert.ok(execFileSync("gzip", ["-dc"], { input: packed }).equals(Buffer.concat(chunks)));
});

test("in a mix, text shrinks and random bytes hardly grow", async () => {
  const packed = await gzipped([
    Buffer.alloc(500_000, "text "),
    randomBytes(500_000),
    Buffer.alloc(500_000, "text "),
  ]);
  assert.ok(packed.length < 515_000, String(packed.length));
});

test.run();
