import { ociEngine } from "./oci.js";
import type { Engine, EngineName } from "./types.js";

/** The one that is rarely there is loaded only where it is. */
export async function openEngine(name: EngineName): Promise<Engine> {
  if (name === "namespace") return (await import("./namespace/namespace.js")).namespaceEngine();
  return ociEngine(name);
}
