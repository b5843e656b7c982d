import { type EngineChoice, engineNames } from "./types.js";
import { fail, ok, type Result } from "../failure/result.js";

/** TAZPOD_ENGINE says for this host what the settings say for all of them. Failure: `usage` when it names no engine. */
export function configuredEngine(setting: EngineChoice, env: NodeJS.ProcessEnv): Result<EngineChoice> {
  const given = env["TAZPOD_ENGINE"];
  if (given === undefined || given === "") return ok(setting);
  const known = [...engineNames, "auto"] as const;
  const found = known.find((name) => name === given);
  if (found !== undefined) return ok(found);
  return fail({
    kind: "usage",
    message: `TAZPOD_ENGINE is ${JSON.stringify(given)}, which is no engine.`,
    hint: `Known: ${known.join(", ")}.`,
  });
}
