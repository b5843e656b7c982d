import { test } from "uvu";
import * as assert from "uvu/assert";
import { joinParagraphs, paintLines, wrapLines } from "../../lib/host/layout.js";
import { formatWork } from "../../lib/host/human.js";

test("lines are wrapped at words; a word that is longer than a line stays whole", () => {
  assert.is(wrapLines("The vault is not open here.", 20), "The vault is not\nopen here.");
  const url = `file:///${"a".repeat(40)}`;
  assert.is(wrapLines(`Pull the vault from ${url} now?`, 24), `Pull the vault from\n${url}\nnow?`);
  assert.is(wrapLines("short", 20), "short");
});

test("wrapped lines start where the text of the first starts: after its indent, mark and columns", () => {
  assert.is(wrapLines("  Check remote.url, or create it.", 24), "  Check remote.url, or\n  create it.");
  assert.is(wrapLines("✔ Vault pushed to s3://bucket/key", 24), "✔ Vault pushed to\n  s3://bucket/key");
  assert.is(
    wrapLines("  - vault-local  there is no vault here, and none at the remote", 40),
    "  - vault-local  there is no vault here,\n                 and none at the remote",
  );
});

test("no word is lost or moved, whatever the width", () => {
  const text = "  --part NAME[,NAME…]   open only these parts of the vault, or open them too if it is open";
  for (let columns = 20; columns < 100; columns++) {
    const lines = wrapLines(text, columns).split("\n");
    assert.equal(lines.join(" ").split(/ +/), text.split(/ +/));
    for (const line of lines) assert.ok(line.length <= columns || !line.trim().includes(" ", 24), line);
  }
});

test("paragraphs are joined, and lists, headings and short lines stay", () => {
  const long = "a line of prose that is as long as a line of a help text usually is";
  assert.is(
    joinParagraphs(`${long}\n${long}\n\nFlags:\n  -x  one\n  -y  two`),
    `${long} ${long}\n\nFlags:\n  -x  one\n  -y  two`,
  );
});

test("marks and headings are coloured, and nothing else", () => {
  const text = "Settings:\n✔ Vault locked\n  - vault-open  it is locked\n1 - 2: text:";
  assert.is(
    paintLines(text),
    "\u001b[1mSettings:\u001b[0m\n\u001b[32m✔\u001b[0m Vault locked\n  \u001b[2m-\u001b[0m vault-open  it is locked\n1 - 2: text:",
  );
});

test("progress has bytes, percent, rate and time left, as far as they are known", () => {
  const [mib, elapsedMs] = [1024 ** 2, 2000];
  assert.is(
    formatWork({ what: "sent", done: 100 * mib, total: 300 * mib, elapsedMs }),
    "sent 100.0 MiB of 300.0 MiB (33 %), 50.0 MiB/s, 4 s left",
  );
  assert.is(
    formatWork({ what: "read", done: mib, total: undefined, elapsedMs }),
    "read 1.0 MiB, 512.0 KiB/s",
  );
  assert.is(formatWork({ what: "read", done: 12, total: 0, elapsedMs: 1 }), "read 12 B");
  assert.is(
    formatWork({ what: "read", done: 11, total: 13, elapsedMs: 16_575 }),
    "read 11 B of 13 B (84 %), 1 B/s, 4 s left",
  );
});

test("marks have colours that can be read on black and on white", () => {
  const painted = paintLines("✔ a\n✖ a\n! a\n+ a\n? a\n- a\n… a\nTitle:");
  // eslint-disable-next-line no-control-regex
  const used = new Set([...painted.matchAll(/\u001b\[(\d+)m/g)].map((match) => match[1]));
  // neither yellow, cyan, white nor a bright colour
  assert.equal([...used].toSorted(), ["0", "1", "2", "31", "32", "35"]);
});

test.run();
