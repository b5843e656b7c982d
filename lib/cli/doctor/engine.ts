import { explain } from "../../failure/explain.js";
import { runsOnThisHost } from "../../engine/choose-engine.js";
import { isRootless } from "../../engine/oci/daemon.js";
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
      const { engine: chosen, unavailable } = await context.chosen();
      const { name } = chosen;
      const how = !runsOnThisHost(name) && (await isRootless(name, signal)) ? ", rootless" : "";
      const why = unavailable.map((one) => explain(one.failure).message.split("\n")[0] ?? "");
      return good([`${name} ${version.value}${how}`, ...why].join("; "));
    },
  };
}
