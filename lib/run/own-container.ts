import { foreign } from "../engine/judge.js";
import type { ContainerState } from "../engine/types.js";
import { fail, type Result } from "../result.js";
import type { StepContext } from "./step.js";

/** The project's container as it is; one of that name that is somebody else's is the failure `container-foreign`. */
export async function ownContainer({ project, container }: StepContext): Promise<Result<ContainerState>> {
  const state = await container();
  if (!state.ok) return state;
  const refusal = foreign(state.value, { name: project.config.containerName, project: project.root });
  return refusal ? fail(refusal) : state;
}
