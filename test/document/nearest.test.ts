import { test } from "uvu";
import * as assert from "uvu/assert";
import { nearest } from "../../lib/document/nearest.js";

const names = ["vault-local", "vault-open", "session", "pull", "push"];

test("one typing error per three letters is close: a letter added, missing, wrong, or two swapped", () => {
  assert.is(nearest("vault-lcoal", names), "vault-local");
  assert.is(nearest("sesion", names), "session");
  assert.is(nearest("sessions", names), "session");
  assert.is(nearest("pul", names), "pull");
  assert.is(nearest("Session", names), "session");
});

test("a name far from all others has no suggestion", () => {
  assert.is(nearest("container", names), undefined);
  assert.is(nearest("x", names), undefined);
  assert.is(nearest("anything", []), undefined);
});

test("the closest name wins, and the first of equals", () => {
  assert.is(nearest("vault-opel", names), "vault-open");
  assert.is(nearest("pusl", names), "pull");
});

test.run();
