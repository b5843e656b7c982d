// Completes the output of tsc: copies the generated validators to dist/, and parses the built-in recipe at build time.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const root = new URL("../", import.meta.url);

const generated = new URL("lib/generated/", root);
const copies = new URL("dist/lib/generated/", root);
mkdirSync(copies, { recursive: true });
for (const file of readdirSync(generated)) {
  if (file.endsWith(".js")) copyFileSync(new URL(file, generated), new URL(file, copies));
}

const { parseDocument } = await import("../dist/lib/document/parse-yaml.js");
const { precompiled } = await import("../dist/lib/document/precompiled.js");
const { tasksSchema } = await import("../dist/lib/recipe/tasks-schema.js");
const recipe = { path: "tazpod.tasks.yaml", text: readFileSync(new URL("tazpod.tasks.yaml", root), "utf8") };
const parsed = parseDocument(recipe, tasksSchema);
if (!parsed.ok) {
  for (const { at, message, hint, excerpt } of parsed.failure.problems)
    console.error(`${at.file}:${at.line}:${at.column} ${message}${hint ? ` (${hint})` : ""}\n${excerpt}`);
  process.exit(1);
}
const { value, spans } = precompiled(recipe.text, parsed.value);
// JSON in a string, which engines parse faster than an object literal. The spans are only needed for a message.
const json = (value) => `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
writeFileSync(
  new URL("builtin-recipe.js", copies),
  `let spans;
export const builtin = {
  text: ${JSON.stringify(recipe.text)},
  value: ${json(value)},
  get spans() { return (spans ??= ${json(spans)}); },
};
`,
);
