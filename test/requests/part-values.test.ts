import { test } from "uvu";
import * as assert from "uvu/assert";
import { valuesOf } from "../../lib/requests/part-values.js";

const found = (text: string): readonly string[] => [...new Set(valuesOf(text))];

test("values of dotenv, YAML, JSON, URLs and bare lines are found", () => {
  const texts: readonly (readonly [text: string, value: string])[] = [
    ["correct horse\n", "correct horse"],
    ["KEY=abcdefgh\n", "abcdefgh"],
    ["export KEY='abcd efgh'\n", "abcd efgh"],
    ['KEY="two words" \r\n', "two words"],
    ["    token: abcdefghij\n", "abcdefghij"],
    ['    "password": "abcdefgh",\n', "abcdefgh"],
    ["db: postgres://me:hunter2hunter@host/db\n", "hunter2hunter"],
    ["localhost:5432:db:user:abcd1234\n", "abcd1234"],
    ['{"a":"x","key":"abcd1234"}', "abcd1234"],
    ["password = swordfish\n", "swordfish"],
    ["user:swordfish", "swordfish"],
  ];
  for (const [text, value] of texts) assert.ok(found(text).includes(value), `${text}: ${found(text)}`);
});

test("short values and empty lines are not", () => {
  assert.equal(found("\n\nA=1\nb: two\n"), []);
});

test.run();
