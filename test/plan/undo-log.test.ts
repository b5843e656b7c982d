import { test } from "uvu";
import * as assert from "uvu/assert";
import { UndoLog } from "../../lib/plan/undo-log.js";

test("rolling back undoes exactly what came after the mark: values, removals and items", () => {
  const log = new UndoLog();
  const map = new Map([
    ["kept", 1],
    ["changed", 1],
    ["removed", 1],
  ]);
  const list = ["a"];
  log.set(map, "kept", 2);
  const mark = log.savepoint();
  log.set(map, "changed", 2);
  log.set(map, "changed", 3);
  log.set(map, "added", 1);
  log.delete(map, "removed");
  log.delete(map, "absent");
  log.push(list, "b");
  log.rollBack(mark);
  assert.equal(Object.fromEntries(map), { kept: 2, changed: 1, removed: 1 });
  assert.equal(list, ["a"]);
  log.rollBack(0);
  assert.is(map.get("kept"), 1);
});

test.run();
