import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mutated, readMutations } from "../../scripts/mutations.js";
import { repository } from "../rig/root.js";

const test = suite("mutations");
const mutations = readMutations();

test("each fault has its place in the code, exactly once", () => {
  const wrong = mutations.flatMap((mutation) => {
    try {
      mutated(mutation);
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
  assert.equal(wrong, [], "change the lists in test/mutations with the code");
});

test("the tests that have to notice it exist", () => {
  const named = new Set(mutations.flatMap(({ tests }) => tests));
  assert.equal(
    [...named].filter((name) => !existsSync(repository + name)),
    [],
  );
});

test("there are faults for each room where one loses or leaks something", () => {
  for (const room of ["engine", "host", "plan", "remote", "run", "session", "trust", "vault"])
    assert.ok(
      mutations.some(({ file }) => file.startsWith(`lib/${room}/`)),
      room,
    );
});

test.run();
