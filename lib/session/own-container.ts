import { foreignContainer } from "../engine/container.js";
import type { ContainerState } from "../engine/engine.js";
import { fail, type Result } from "../failure/result.js";
import type { StepContext } from "./step.js";

/** The project's container as it is; one of that name that is somebody else's is the failure `container-foreign`. */
export async function ownContainer(context: StepContext): Promise<Result<ContainerState>> {
  const { root, config } = context.project;
  const state = await context.container();
  if (!state.ok) return state;
  const { name } = await context.engine();
  const refusal = foreignContainer(state.value, { name: config.containerName, project: root }, name);
  return refusal ? fail(refusal) : state;
}
