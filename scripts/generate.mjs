// Turns schema/*.schema.json into validators and types, before tsc runs.
//
// lib/generated/<name>-validator.js    validate(value), compiled by ajv and free of it: a run never loads ajv
// lib/generated/<name>-validator.d.ts
// lib/generated/<name>.d.ts            the same schema as TypeScript types
//
// In addition to `validate`, a validator exports `schema`, from which lib/document words its errors: what is expected at a
// place (`$comment` says it in words), and which keys and values are known there.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const out = new URL("lib/generated/", root);
/** The schemas that are checked at run time; the others only document output. */
const validated = ["tasks", "config", "requests"];

/** Replacements for what ajv would import at run time. */
const runtime = {
  'require("ajv/dist/runtime/ucs2length").default':
    "((text) => { let n = 0; for (const _ of text) n++; return n; })",
};

/** Writes only changed files, so that tsc's incremental build stays incremental. */
function write(name, text) {
  const url = new URL(name, out);
  if (!existsSync(url) || readFileSync(url, "utf8") !== text) writeFileSync(url, text);
}

async function generate(name, text) {
  const stamp = `// From schema/${name}.schema.json ${createHash("sha256")
    .update(text)
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .digest("hex")}\n`;
  const target = new URL(`${name}-validator.js`, out);
  if (
    existsSync(target) &&
    existsSync(new URL(`${name}.d.ts`, out)) &&
    readFileSync(target, "utf8").startsWith(stamp)
  )
    return;

  const [{ default: ajv }, { default: standalone }, { compile }] = await Promise.all([
    import("ajv"),
    import("ajv/dist/standalone/index.js"),
    import("json-schema-to-typescript"),
  ]);
  const schema = JSON.parse(text);
  const compiler = new ajv.Ajv({
    allErrors: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    // less code to load: each definition once, and none of ajv's messages, since lib/document has its own
    inlineRefs: false,
    messages: false,
    code: { source: true, esm: true },
  });
  const standaloneCode = standalone.default ?? standalone;
  let code = standaloneCode(compiler, compiler.compile(schema));
  for (const [call, inline] of Object.entries(runtime)) code = code.replaceAll(call, inline);
  if (/\brequire\(|\bimport\b[^;]*from/.test(code))
    throw new Error(
      `${name}-validator.js would load something at run time; write it out in scripts/generate.mjs`,
    );
  write(
    `${name}.d.ts`,
    await compile(schema, schema.title, {
      bannerComment: stamp.trimEnd(),
      format: false,
      additionalProperties: false,
    }),
  );
  write(
    `${name}-validator.d.ts`,
    `${stamp}import type { Schema } from "../document/schema.js";\nimport type { ${schema.title} } from "./${name}.js";\nexport declare const validate: Schema<${schema.title}>["validate"];\nexport declare const schema: Schema<${schema.title}>["schema"];\n`,
  );
  write(`${name}-validator.js`, `${stamp}${code}\nexport const schema = ${JSON.stringify(schema)};\n`);
}

mkdirSync(out, { recursive: true });
// Written by scripts/finish-build.mjs, which needs the output of tsc.
write(
  "builtin-recipe.d.ts",
  'import type { Precompiled } from "../document/precompiled.js";\nimport type { TasksDocument } from "./tasks.js";\nexport declare const builtin: Precompiled<TasksDocument>;\n',
);
for (const file of readdirSync(new URL("schema/", root)).toSorted()) {
  const name = file.replace(/\.schema\.json$/, "");
  if (validated.includes(name)) await generate(name, readFileSync(new URL(`schema/${file}`, root), "utf8"));
}
