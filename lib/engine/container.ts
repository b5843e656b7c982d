import { fail, ok, type Result } from "../failure/result.js";
import { mountProblem, specHash } from "./spec.js";
import type { ContainerSpec, ContainerUser, Engine, ContainerState, EngineName } from "./engine.js";
import { cachedImageUser } from "./image-user-cache.js";
import type { Failure } from "../failure/failure.js";

/** Builds the image, or pulls it where the settings name no build. Failures: `build-failed`, `image-unavailable`. */
export async function buildOrPullImage(
  engine: Engine,
  { image, build }: Pick<ContainerSpec, "image" | "build">,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<Result<void>> {
  if (build === undefined || engine.build === undefined) {
    report(`pulling ${image}`);
    return engine.pull(image, report, signal);
  }
  report(`building ${image} from ${build.dockerfile}`);
  return engine.build(image, build, report, signal);
}

/**
 * Provides the image where it is not here, and looks its user up. Failures: those of the image, and `setting-unusable` for a
 * mount that cannot be where it is to be.
 */
export async function ensureImageUser(
  engine: Engine,
  spec: ContainerSpec,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<Result<ContainerUser>> {
  let imageId = await engine.imageId(spec.image);
  if (!imageId.ok) return imageId;
  if (imageId.value === undefined) {
    const got = await buildOrPullImage(engine, spec, report, signal);
    if (!got.ok) return got;
    imageId = await engine.imageId(spec.image);
    if (!imageId.ok) return imageId;
  }
  const user = await cachedImageUser(engine, { name: spec.image, id: imageId.value }, spec.user);
  if (!user.ok) return user;
  const wrong = mountProblem(spec, user.value);
  if (wrong === undefined) return user;
  return fail({
    kind: "setting-unusable",
    setting: "mounts",
    detail: wrong,
    hint: "Choose another target.",
  });
}

/** Makes a container and starts it. One that does not start is removed again. Failures: also those of `provideUser`. */
export async function createAndStart(
  engine: Engine,
  spec: ContainerSpec,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<Result<void>> {
  const user = await ensureImageUser(engine, spec, report, signal);
  if (!user.ok) return user;
  report(`making ${spec.name} from ${engine.effectiveSpec(spec).image}`);
  const created = await engine.create(spec, user.value);
  if (!created.ok) return created;
  const started = await startContainer(engine, spec.name);
  if (!started.ok) await engine.remove(spec.name);
  return started;
}

/** Starts a container and makes sure that it stays up. Failure: `container-start`. */
export async function startContainer(engine: Engine, name: string): Promise<Result<void>> {
  const started = await engine.start(name);
  if (!started.ok) return started;
  const state = await engine.inspect(name);
  if (!state.ok) return state;
  return state.value.state === "running"
    ? ok(undefined)
    : fail({ kind: "container-start", name, detail: "it ended as soon as it had started" });
}

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
