import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { splitAtColumns, shortenToColumns, widthOf } from "../../lib/host/columns.js";
import { printableLines } from "../../lib/host/printable.js";
import { foreignLetters, quoted, withEscapes } from "../../lib/host/quoted.js";

/** Reads what `quoted` wrote. */
function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(?:u\{([0-9a-f]+)\}|(.))/g, (_, code?: string, char = "") => {
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    return { n: "\n", r: "\r", t: "\t" }[char as string] ?? String(char);
  });
}

test("a quoted text stands for exactly one text, is one line, and has no invisible character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.is(unquoted(quoted(text)), text);
      assert.not.match(quoted(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{M}]/u);
    }),
  );
});

test("spaces, newlines, quotes and escape sequences in a text are recognisable", () => {
  assert.is(quoted("kubectl"), '"kubectl"');
  assert.is(quoted("a  b"), '"a  b"');
  assert.is(quoted('a" "b\\'), '"a\\" \\"b\\\\"');
  assert.is(quoted("a\nb\t\r"), '"a\\nb\\t\\r"');
  assert.is(quoted("\u001b[2J\u009b1m"), '"\\u{1b}[2J\\u{9b}1m"');
});

/** Bidirectional controls, zero-width characters, fillers, odd spaces, tags, selectors and marks. */
const tricks =
  "\u202e \u2066 \u061c \u200b \u200d \u2060 \ufeff \u00ad \u034f \u180e \u115f \u3164 \uffa0 \u2800 \u00a0 \u3000 \u2028 \u{e0041} \ufe0f \u{e0100} \u0338 \ud800".split(
    " ",
  );

test("every character that cannot be seen is an escape", () => {
  for (const trick of tricks)
    assert.is(withEscapes(`a${trick}b`), `a\\u{${trick.codePointAt(0)?.toString(16)}}b`);
  assert.is(withEscapes("rollt 1.4.2 für Zoë aus ✔ 🚀"), "rollt 1.4.2 für Zoë aus ✔ 🚀");
});

test("what is printed elsewhere has no bidirectional control, zero-width character or filler either", () => {
  for (const trick of tricks.slice(0, 13)) assert.is(printableLines(`a${trick}b`), "a\ufffdb");
  assert.is(printableLines("\u2714\ufe0f"), "\u2714\ufe0f");
});

test("letters outside ASCII are found, and symbols are none", () => {
  assert.equal(foreignLetters("kubеctl аpply → é"), ["е", "а", "é"]);
});

test("a text is split at columns without loss, and shortened to them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 4, max: 30 }), (text, columns) => {
      const pieces = splitAtColumns(text.replaceAll("\t", ""), columns);
      assert.is(pieces.join(""), text.replaceAll("\t", ""));
      for (const piece of [...pieces, shortenToColumns(text.replaceAll("\t", ""), columns)])
        assert.ok(widthOf(piece) <= columns);
    }),
  );
  assert.is(shortenToColumns("kubectl rollout", 10), "kubectl …");
});

test.run();
