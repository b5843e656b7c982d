import { ociEngine } from "./oci/engine.js";
import type { Engine, EngineName } from "./types.js";

/** Opens an engine for a project, by its folder. Those that are rarely used are loaded only then. */
export async function openEngine(name: EngineName, project?: string): Promise<Engine> {
  if (name === "namespace") return (await import("./namespace/engine.js")).namespaceEngine(project);
  if (name === "process") return (await import("./process/engine.js")).processEngine();
  return ociEngine(name);
}
