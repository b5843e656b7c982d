import { isRootless } from "../../engine/rootless.js";
import { type Check, good, met, type Patient } from "./types.js";

/** Longer than an engine's own time for an answer, which then says more. */
export const engineMs = 25_000;

/** Whether the engine answers this user, and which one it is. */
export function engineCheck({ context, engine }: Patient): Check {
  return {
    name: "engine",
    limitMs: engineMs,
    async look(signal) {
      const version = await engine();
      if (!version.ok) return met(version.failure);
      const { name } = await context.engine();
      const how = (await isRootless(name, signal)) ? ", rootless" : "";
      return good(`${name} ${version.value}${how}`);
    },
  };
}
