import { realpathSync } from "./node-fs.js";

/**
 * The arguments for a script when it is what this process was started to run, by node or by zx; undefined when it was
 * imported by something else.
 */
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
