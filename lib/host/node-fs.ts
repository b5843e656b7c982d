/**
 * The functions of node:fs that are used. An `import` would load all of it, including streams, which takes a tenth of a
 * short run.
 */
export const { constants, createReadStream, existsSync, readFileSync, realpathSync, statSync } =
  process.getBuiltinModule("node:fs");
