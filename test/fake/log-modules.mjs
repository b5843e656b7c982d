// Loaded with --import: writes to the file TAZPOD_TEST_MODULES, a line each, the URL of every module and script that the
// process loads (those that require() loads at the end), `program:` for every program that it starts, and `stream:NAME`
// whenever a standard stream is used.
import { appendFileSync } from "node:fs";
import { subscribe } from "node:diagnostics_channel";
import { createRequire, isBuiltin, register } from "node:module";
import { pathToFileURL } from "node:url";

const log = process.env.TAZPOD_TEST_MODULES;
const write = (line) => appendFileSync(log, `${line}\n`);
const writeBuiltin = (name) => write(`node:${name.replace(/^node:/, "")}`);
const hooks = `
import { appendFileSync } from "node:fs";
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(log)}, url + "\\n");
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
appendFileSync(log, "");

const require = createRequire(import.meta.url);
const [Module, vm] = [require("node:module"), require("node:vm")];
const { getBuiltinModule } = process;
process.getBuiltinModule = (name) => {
  writeBuiltin(name);
  return getBuiltinModule.call(process, name);
};
const { _load } = Module;
Module._load = (name, ...rest) => {
  if (isBuiltin(name)) writeBuiltin(name);
  return _load.call(Module, name, ...rest);
};
vm.Script = class extends vm.Script {
  constructor(text, options) {
    super(text, options);
    write(pathToFileURL(options.filename));
  }
};
for (const name of ["stdin", "stdout", "stderr"]) {
  const { get } = Object.getOwnPropertyDescriptor(process, name);
  const used = () => (write(`stream:${name}`), get.call(process));
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get: used });
}
subscribe("child_process", () => write("program:"));
process.once("exit", () => {
  for (const file of Object.keys(require.cache)) write(pathToFileURL(file));
});
