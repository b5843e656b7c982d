import { createAndStart } from "../engine/container.js";
import { forgetRecordedEngine, recordEngine } from "../engine/choose-engine.js";
import type { ContainerSpec, Engine } from "../engine/engine.js";
import type { Result } from "../failure/result.js";
import type { StepContext } from "./step.js";

/** Makes the project's container, and notes which engine did; one that made nothing is not noted. Failures: those of `makeContainer`. */
export async function makeProjectContainer(
  { project, report, signal }: StepContext,
  engine: Engine,
  spec: ContainerSpec,
): Promise<Result<void>> {
  const noted = await recordEngine(project.vaultFolder, engine.name);
  if (!noted.ok) return noted;
  const made = await createAndStart(engine, spec, report, signal);
  if (!made.ok && made.failure.kind !== "changed-meanwhile") await forgetRecordedEngine(project.vaultFolder);
  return made;
}
