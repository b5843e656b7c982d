import { Readable } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { normalise } from "../../lib/vault/archive/normalise.js";
import { closedParts, isOpen, isAboveOpen, partOf } from "../../lib/vault/vault-parts.js";
import { filterTar } from "../../lib/vault/archive/tar-entries.js";
import { endOfTar, padding, tarHeader, type TarEntry } from "../../lib/vault/archive/tar-header.js";

const parts = [
  { name: "aws", paths: [".aws"] },
  { name: "prod", paths: ["prod", "kube/prod"] },
  { name: "deep", paths: ["kube/prod/deep"] },
];

test("a path belongs to the part that names it or the nearest folder above it, else to the rest", () => {
  const of = (path: string): string => partOf(path, parts);
  assert.equal(
    [
      ".aws",
      ".aws/config",
      ".awsome",
      "prod/key",
      "kube",
      "kube/prod/a",
      "kube/prod/deep/a",
      "kube/x",
      "",
    ].map(of),
    ["aws", "aws", "rest", "prod", "rest", "prod", "deep", "rest", "rest"],
  );
});

test("a folder above an open part is recognised, and closed parts are named", () => {
  const opening = { parts, open: ["prod"] };
  assert.ok(isOpen("kube/prod/a", opening));
  assert.not.ok(isOpen("kube", opening));
  assert.ok(isAboveOpen("kube", opening));
  assert.not.ok(isAboveOpen("prod", opening));
  assert.not.ok(isAboveOpen(".aws", opening));
  assert.equal(closedParts(opening), ["aws", "deep", "rest"]);
});

function tar(entries: readonly (readonly [string, string | null])[]): Readable {
  const pieces = entries.flatMap(([path, content]) => {
    const size = content?.length ?? 0;
    const entry: TarEntry = {
      path,
      type: content === null ? "directory" : "file",
      mode: 0o755,
      size,
      mtime: 1,
    };
    return [tarHeader(entry), Buffer.from(content ?? ""), padding(size)];
  });
  return Readable.from([Buffer.concat([...pieces, endOfTar])]);
}

test("a filtered archive has only the wanted paths and their folders, and skipped content is not read twice", async () => {
  const whole = normalise(
    tar([
      ["kube", null],
      ["kube/big", "x".repeat(5000)],
      ["kube/prod", null],
      ["kube/prod/key", "k".repeat(700)],
      ["other", "o"],
    ]),
    { limitBytes: 1e6, format: "age" },
  );
  const opening = { parts, open: ["prod"] };
  const chosen = normalise(
    filterTar(whole.tar, (path) => isOpen(path, opening)),
    { limitBytes: 1e6, format: "age" },
  );
  chosen.tar.resume();
  const summary = await chosen.summary;
  assert.ok(summary.ok);
  if (summary.ok) {
    assert.equal(
      summary.value.entries.map(({ entry }) => [entry.path, entry.mode, entry.size]),
      [
        ["kube", 0o700, 0],
        ["kube/prod", 0o755, 0],
        ["kube/prod/key", 0o755, 700],
      ],
    );
  }
  assert.ok((await whole.summary).ok);
});

test("an error in skipped content is reported", async () => {
  const cut = Readable.from([
    Buffer.concat((await tar([["other", "o".repeat(2000)]]).toArray()) as Buffer[]).subarray(0, 1000),
  ]);
  const whole = normalise(cut, { limitBytes: 1e6, format: "age" });
  const chosen = normalise(
    filterTar(whole.tar, () => false),
    { limitBytes: 1e6, format: "age" },
  );
  chosen.tar.resume();
  const summary = await chosen.summary;
  assert.not.ok(summary.ok);
  if (!summary.ok) assert.is(summary.failure.kind, "archive-refused");
});

test.run();
