import type { Chosen } from "../engine/choose.js";
import type { ContainerSpec } from "../engine/types.js";
import { explain } from "../explain.js";

/** What is worth knowing of the engine that makes a container, a line each: nothing of one that comes first and shares nothing. */
export function engineNews({ engine, passed }: Chosen, spec: ContainerSpec): string[] {
  const shared = engine.shares(spec);
  const why = passed.map(({ name, failure }) => `  ${name}: ${explain(failure).message}`);
  const how = shared.map((what) => `  - ${what}`);
  return [
    ...(why.length === 0 ? [] : [`${spec.name} is made by ${engine.name}, since:`, ...why]),
    ...(how.length === 0
      ? []
      : [`What this ${engine.name} has in common with this host (docs/engines.md):`, ...how]),
  ];
}
