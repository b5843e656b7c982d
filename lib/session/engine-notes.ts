import type { EngineSelection } from "../engine/choose-engine.js";
import type { ContainerSpec } from "../engine/engine.js";
import { explain } from "../failure/explain.js";

/**
 * Notes for the user about the engine of a container that is being made or started, a line each: why engines that come
 * first were passed over, and what this one does not isolate. Empty for Docker and podman, if nothing was passed over.
 */
export function engineNotes(
  { engine, unavailable }: EngineSelection,
  spec: ContainerSpec,
  isNew: boolean,
): string[] {
  const why = isNew ? unavailable.map(({ name, failure }) => `  ${name}: ${explain(failure).message}`) : [];
  // what isolates nothing at all says so at each start
  const shared = isNew || engine.name === "process" ? engine.sharedWithHost(spec) : [];
  const how = shared.map((what) => `  - ${what}`);
  return [
    ...(why.length === 0 ? [] : [`${spec.name} uses the engine ${engine.name}, because:`, ...why]),
    ...(how.length === 0 ? [] : [`With the engine ${engine.name}:`, ...how]),
  ];
}
