import { fail, ok, type Result } from "../failure/result.js";
import { mountProblem, specHash } from "./spec.js";
import type {
  ContainerSpec,
  ContainerUser,
  Engine,
  ContainerState,
  EngineName,
  StartProgress,
} from "./engine.js";
import { cachedImageUser } from "./image-user-cache.js";
import type { Failure } from "../failure/failure.js";

/** Builds the image, or pulls it if the settings have no `build`. Failures: `build-failed`, `image-unavailable`. */
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
 * Builds or pulls the image if it is missing, and returns its user, with the ids of the user on the host where the engine
 * can match them. Failures: those of the image; `setting-unusable` for a mount whose target cannot be used.
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
  if (wrong === undefined) {
    if (engine.matchUser === undefined || imageId.value === undefined) return user;
    return engine.matchUser(spec, user.value, imageId.value);
  }
  return fail({
    kind: "setting-unusable",
    setting: "mounts",
    detail: wrong,
    hint: "Choose another target.",
  });
}

/**
 * Creates a container and starts it; removes it again if it does not start. Failures: also those of `ensureImageUser`.
 */
export async function createAndStart(
  engine: Engine,
  spec: ContainerSpec,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<Result<void>> {
  const user = await ensureImageUser(engine, spec, report, signal);
  if (!user.ok) return user;
  report(`creating ${spec.name} from ${engine.effectiveSpec(spec).image}`);
  const created = await engine.create(spec, user.value);
  if (!created.ok) return created;
  const started = await startContainer(engine, spec, { report, signal });
  if (!started.ok) await engine.remove(spec.name);
  return started;
}

/**
 * Passes on the state of a container that an engine returned. Failure: `container-not-ready` if nothing can be run in it,
 * though its RAM folder may be there.
 */
export function requireReady(
  engine: Engine,
  name: string,
  found: Result<ContainerState>,
): Result<ContainerState> {
  if (!found.ok || found.value.state !== "not-ready") return found;
  return fail({
    kind: "container-not-ready",
    ...{ engine: engine.name, name, reported: found.value.reported },
  });
}

/** Starts a container and checks that it keeps running. Failure: `container-start`. */
export async function startContainer(
  engine: Engine,
  { name, user }: Pick<ContainerSpec, "name" | "user">,
  progress?: StartProgress,
): Promise<Result<void>> {
  const started = await engine.start(name, progress);
  if (!started.ok) return started;
  const state = await engine.inspect(name, user);
  if (!state.ok) return state;
  return state.value.state === "running"
    ? ok(undefined)
    : fail({ kind: "container-start", name, detail: "it stopped right after it started" });
}

/** Returns a failure if the container of this name was not made for this project. */
export function foreignContainer(
  state: ContainerState,
  { name, project }: Pick<ContainerSpec, "name" | "project">,
  engine: EngineName,
): Failure | undefined {
  if (state.state === "absent" || state.owner === project) return undefined;
  return { kind: "container-foreign", engine, name, owner: state.owner ?? "", project };
}

/** Returns why a container no longer matches the settings, or undefined if it does. */
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
    return `the local ${spec.image} is newer than the image it was made from`;
  return undefined;
}
