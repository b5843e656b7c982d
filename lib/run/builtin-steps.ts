import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../host/package-root.js";
import type { StepScript } from "./run-context.js";

/** Loads a built-in step script. In a bundle, scripts/bundle-parts.mjs replaces this file. */
export async function builtinStep(name: string): Promise<StepScript> {
  const file = join(packageRoot, "dist", "tasks", `${name}.js`);
  return (await import(pathToFileURL(file).href)) as StepScript;
}
