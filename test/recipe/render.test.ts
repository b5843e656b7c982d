import { test } from "uvu";
import * as assert from "uvu/assert";
import { placeholders, render } from "../../lib/recipe/render.js";

test("names in braces are filled, with or without spaces", () => {
  assert.is(render("{{a}}-{{ b }}-{{a}}", { a: "1", b: "2" }), "1-2-1");
});

test("a value is inserted unchanged, including braces and dollars", () => {
  assert.is(render("{{a}}", { a: "$& {{b}}" }), "$& {{b}}");
});

test("other braces are left as they are", () => {
  assert.is(render("{{.Names}} {x} {{}}", {}), "{{.Names}} {x} {{}}");
});

test("a name without a value is a bug, even one that every object has", () => {
  assert.throws(() => render("{{a}}", {}), /has no value/);
  assert.throws(() => render("{{constructor}}", {}), /has no value/);
});

test("the names in a string are found, each once", () => {
  assert.equal(placeholders("{{a}} {{ b }} {{a}} {{.c}}"), ["a", "b"]);
});

test.run();
