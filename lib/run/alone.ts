import { fileURLToPath } from "node:url";
import { argumentsAsMain } from "../host/main-script.js";

/**
 * Lets a step script be run by itself: `node dist/tasks/pull.js`, or `npx zx dist/tasks/pull.js`. Does nothing when the
 * script was imported. Unlike `tazpod run`, what the step needs is only checked, never brought about.
 */
export async function alone(url: string): Promise<void> {
  const file = fileURLToPath(url);
  const argv = argumentsAsMain(file);
  if (argv === undefined) return;
  const { runAlone } = await import("./run-alone.js");
  process.exitCode = await runAlone(file, argv);
}
