// Loaded with --import: writes the URL of every module that the process loads to the file TAZPOD_TEST_MODULES.
import { appendFileSync } from "node:fs";
import { register } from "node:module";

const hooks = `
import { appendFileSync } from "node:fs";
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(process.env.TAZPOD_TEST_MODULES)}, url + "\\n");
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
appendFileSync(process.env.TAZPOD_TEST_MODULES, "");
