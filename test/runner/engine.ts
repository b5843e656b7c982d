import { type EngineName, engineNames } from "../../lib/engine/engine.js";
import { missing } from "./services.js";

/** The engine of suites that need one and are about none: the one of TAZPOD_TEST_ENGINE, else the first that is here. */
async function testEngine(): Promise<EngineName> {
  const given = process.env["TAZPOD_TEST_ENGINE"];
  const found = engineNames.find((name) => name === given);
  if (found !== undefined) return found;
  if (given !== undefined)
    throw new Error(`TAZPOD_TEST_ENGINE=${given}: known are ${engineNames.join(", ")}`);
  // the quickest that isolates comes first; where there is none of them, the last one's reason is shown
  for (const name of ["namespace", "docker"] as const) if ((await missing(name)) === undefined) return name;
  return "process";
}

/** The one of a file that needs these. */
export async function engineOf(needs: readonly string[]): Promise<EngineName | undefined> {
  const named = engineNames.find((name) => needs.includes(name));
  return named ?? (needs.includes("engine") ? await testEngine() : undefined);
}
