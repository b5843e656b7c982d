import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { paginate } from "../../lib/host/pages.js";

test("a page leaves two rows free, and a long line counts as the rows it fills", () => {
  assert.equal(paginate("a\nb\nc\nd", 10, 4), ["a\nb", "c\nd"]);
  assert.equal(paginate(`${"x".repeat(15)}\nb`, 10, 4), ["x".repeat(15), "b"]);
  assert.equal(paginate("a\nb", 0, 0), ["a\nb"]);
});

test("no text is lost, even on a tiny screen", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 3, max: 9 }),
      (text, columns, rows) => {
        const joined = paginate(text, columns, rows).join("\n");
        assert.is(joined.replaceAll("\n", ""), text.replaceAll("\n", ""));
      },
    ),
  );
});

test.run();
