import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { flags } from "../../lib/run/flags.js";
import { repository } from "../rig/root.js";

test("the flags that a recipe may declare are flags of the command line, and the built-in tasks declare each", async () => {
  const text = (name: string): Promise<string> => readFile(join(repository, name), "utf8");
  const schema = JSON.parse(await text("schema/tasks.schema.json")) as {
    definitions: { flag: { enum: string[] } };
  };
  const known = schema.definitions.flag.enum;
  assert.equal(
    known.filter((name) => !(name in flags)),
    [],
  );
  const declared = (await text("tazpod.tasks.yaml")).matchAll(/^ {4}flags: \[(.*)\]$/gm);
  const used = new Set([...declared].flatMap(([, names = ""]) => names.split(", ")));
  assert.equal([...used].toSorted(), known.toSorted());
});

test.run();
