import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../host/package-root.js";
import type { StepScript } from "./run-context.js";

/** A step script that comes with tazpod. (A bundle has all of them in two modules: scripts/bundle-parts.mjs.) */
export async function builtinStep(name: string): Promise<StepScript> {
  const file = join(packageRoot, "dist", "tasks", `${name}.js`);
  return (await import(pathToFileURL(file).href)) as StepScript;
}
