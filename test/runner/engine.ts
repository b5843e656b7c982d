import { type EngineName, engineNames } from "../../lib/engine/engine.js";
import { missing } from "./services.js";

/** The engine of suites that do not test engines: that of TAZPOD_TEST_ENGINE, or else the first available one. */
async function testEngine(): Promise<EngineName> {
  const given = process.env["TAZPOD_TEST_ENGINE"];
  const found = engineNames.find((name) => name === given);
  if (found !== undefined) return found;
  if (given !== undefined)
    throw new Error(`TAZPOD_TEST_ENGINE=${given}: known are ${engineNames.join(", ")}`);
  // the fastest isolating engine first; if none works, the last one's reason is shown
  for (const name of ["namespace", "docker"] as const) if ((await missing(name)) === undefined) return name;
  return "process";
}

/** The engine of a file with these needs. */
export async function engineOf(needs: readonly string[]): Promise<EngineName | undefined> {
  const named = engineNames.find((name) => needs.includes(name));
  return named ?? (needs.includes("engine") ? await testEngine() : undefined);
}
