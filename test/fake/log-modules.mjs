// Loaded with --import: writes the URL of every module that the process loads to the file TAZPOD_TEST_MODULES; those that
// require() loads at the end.
import { appendFileSync } from "node:fs";
import { createRequire, register } from "node:module";
import { pathToFileURL } from "node:url";

const hooks = `
import { appendFileSync } from "node:fs";
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(process.env.TAZPOD_TEST_MODULES)}, url + "\\n");
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
appendFileSync(process.env.TAZPOD_TEST_MODULES, "");
process.once("exit", () => {
  for (const file of Object.keys(createRequire(import.meta.url).cache))
    appendFileSync(process.env.TAZPOD_TEST_MODULES, `${pathToFileURL(file)}\n`);
});
