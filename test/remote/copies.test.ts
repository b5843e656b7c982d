import { suite } from "uvu";
import * as assert from "uvu/assert";
import { copyAt, type NumberedCopy } from "../../lib/remote/copies.js";
import { failure, value } from "../rig/result.js";

const test = suite("copies");

const copies: NumberedCopy[] = ["2026-07-12T09:00:00Z", "2026-07-11T18:30:00Z", "2026-07-11T09:00:00Z"].map(
  (at, index) => ({ number: index + 1, name: `copy-${index + 1}`, at: new Date(at), bytes: 1 }),
);

test("a number selects a copy of the list", () => {
  assert.is(value(copyAt(copies, "1")).name, "copy-1");
  assert.is(value(copyAt(copies, "3")).name, "copy-3");
  for (const at of ["0", "4", "99"]) failure(copyAt(copies, at), "unknown-name");
});

test("a time selects the newest copy that is not later; UTC by default; a date means its end", () => {
  for (const [at, name] of [
    ["2026-07-11T18:30", "copy-2"],
    ["2026-07-11 18:29:59", "copy-3"],
    ["2026-07-11T20:30+02:00", "copy-2"],
    ["2026-07-11", "copy-2"],
    ["2026-07-12", "copy-1"],
    ["2027-01-01", "copy-1"],
  ] as const)
    assert.is(value(copyAt(copies, at)).name, name, at);
  assert.equal(failure(copyAt(copies, "2026-07-10"), "unknown-name").known?.length, 3);
});

test("anything else is refused", () => {
  for (const at of ["", "yesterday", "-1", "1.5", "2026-13-40", "11.7.2026"])
    assert.match(failure(copyAt(copies, at), "usage").message, "--at takes");
});

test.run();
