import { realpathSync } from "./node-fs.js";

/** Returns the arguments of a script if node or zx was started to run it; undefined if it was imported. */
export function argumentsAsMain(file: string): readonly string[] | undefined {
  const [, first = "", second = "", ...rest] = process.argv;
  if (same(first, file)) return process.argv.slice(2);
  if (/[/\\]zx([/\\]|$)/.test(first) && same(second, file)) return rest;
  return undefined;
}

function same(path: string, file: string): boolean {
  try {
    return realpathSync(path) === realpathSync(file);
  } catch {
    return false;
  }
}
