import { test } from "uvu";
import * as assert from "uvu/assert";
import { nearest } from "../../lib/document/nearest.js";

const names = ["vault-local", "vault-open", "session", "pull", "push"];

test("one slip in three letters is near: a letter more, less, other, or two swapped", () => {
  assert.is(nearest("vault-lcoal", names), "vault-local");
  assert.is(nearest("sesion", names), "session");
  assert.is(nearest("sessions", names), "session");
  assert.is(nearest("pul", names), "pull");
  assert.is(nearest("Session", names), "session");
});

test("what is far from all has no nearest", () => {
  assert.is(nearest("container", names), undefined);
  assert.is(nearest("x", names), undefined);
  assert.is(nearest("anything", []), undefined);
});

test("the nearest wins, and of equals the first", () => {
  assert.is(nearest("vault-opel", names), "vault-open");
  assert.is(nearest("pusl", names), "pull");
});

test.run();
