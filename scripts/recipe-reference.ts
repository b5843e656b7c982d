import { readFileSync } from "node:fs";
import { wrapItem } from "./wrap.js";

/** What the reference takes from a schema. */
interface Schema {
  readonly $ref?: string;
  readonly $comment?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const recipe = JSON.parse(
  readFileSync(new URL("../../schema/tasks.schema.json", import.meta.url), "utf8"),
) as Schema;

/** `<!-- keys of task: needs, wants. Written by … -->`, and the list up to the end mark. */
const block = /(<!-- keys of ([\w.]+): ([^.]*)\. [^>]*-->\n\n)[^]*?(<!-- \/keys -->)/g;

/** Returns the page about recipes with the keys of its blocks, as the schema of recipes describes them. */
export function withReference(page: string): string {
  return page.replace(block, (_, before: string, of: string, keys: string, after: string) => {
    const items = keys.split(/,\s*/).map((key) => itemOf(of, key));
    return `${before}${items.join("\n")}\n\n${after}`;
  });
}

function itemOf(of: string, key: string): string {
  const property = schemaOf(of).properties?.[key];
  if (property === undefined) throw new Error(`${of} has no key ${key}`);
  const target = property.$ref === undefined ? property : schemaOf(property.$ref.split("/").at(-1) ?? "");
  const description = property.description ?? target.description;
  if (description === undefined) throw new Error(`${of}.${key} has no description`);
  // what a name or a time looks like is on the page once
  const form = (target.$comment ?? "").replace(/^(a (?:name|time|check)): .*$/, "$1");
  return wrapItem(`\`${key}\` (${form}): ${description}`);
}

/** Finds `task`, or the map `task.confirm` in it; `recipe` is the whole file. */
function schemaOf(path: string): Schema {
  const [first = "", ...rest] = path.split(".");
  const start = first === "recipe" ? recipe : recipe.definitions?.[first];
  const found = rest.reduce<Schema | undefined>((schema, key) => schema?.properties?.[key], start);
  if (found === undefined) throw new Error(`the schema has no ${path}`);
  return found;
}
