import { dirname, join } from "node:path";
import { existsSync } from "./node-fs.js";

/** The package's folder: the nearest folder above this file with a recipe, wherever the build puts this file. */
export const packageRoot: string = find(import.meta.dirname);

function find(folder: string): string {
  if (existsSync(join(folder, "tazpod.tasks.yaml"))) return folder;
  if (folder === dirname(folder)) throw new Error("the package lacks tazpod.tasks.yaml");
  return find(dirname(folder));
}
