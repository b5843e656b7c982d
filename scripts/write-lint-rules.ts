import { readFile, writeFile } from "node:fs/promises";
import { type Override, withImportRules } from "./lint-rules.js";

const file = new URL("../../.oxlintrc.json", import.meta.url);
const config = JSON.parse(await readFile(file, "utf8")) as { overrides: readonly Override[] };
config.overrides = withImportRules(config.overrides);
await writeFile(file, `${JSON.stringify(config)}\n`);
