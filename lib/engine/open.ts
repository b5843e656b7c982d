import type { Engine, EngineName } from "./types.js";

/** Each is loaded only where it is the one. */
export async function openEngine(name: EngineName): Promise<Engine> {
  if (name === "namespace") return (await import("./namespace/namespace.js")).namespaceEngine();
  return (await import("./oci.js")).ociEngine(name);
}
