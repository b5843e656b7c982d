import type { Failure } from "../../failure/failure.js";
import type { ContainerSpec, ContainerState, EngineName } from "../types.js";
import { specHash } from "../spec.js";

/** The failure when a container of the wanted name is somebody else's; undefined when it is free or ours. */
export function foreignContainer(
  state: ContainerState,
  { name, project }: Pick<ContainerSpec, "name" | "project">,
  engine: EngineName,
): Failure | undefined {
  if (state.state === "absent" || state.owner === project) return undefined;
  return { kind: "container-foreign", engine, name, owner: state.owner ?? "", project };
}

/** Why a container is no longer what the settings say, in words; undefined when it is. */
export function whyOutdated(
  state: ContainerState,
  spec: ContainerSpec,
  imageId: string | undefined,
): string | undefined {
  if (state.state === "absent") return undefined;
  if (state.specHash !== specHash(spec))
    return spec.build === undefined
      ? "its settings have changed since it was made"
      : "its settings or its Dockerfile have changed since it was made";
  if (imageId !== undefined && imageId !== state.imageId)
    return `there is a newer ${spec.image} here than it was made from`;
  return undefined;
}
