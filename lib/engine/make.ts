import type { Failure } from "../failure.js";
import { fail, ok, type Result } from "../result.js";
import { misplaced } from "./spec.js";
import type { ContainerSpec, Engine } from "./types.js";
import { userIn } from "./users.js";

/** Pulls the image where it is not here, makes the container and starts it. One that does not start is removed again.
 * Failures: `setting-unusable` for a mount that cannot be where it is to be, `changed-meanwhile` when another made it first. */
export async function makeContainer(
  engine: Engine,
  spec: ContainerSpec,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<Result<void>> {
  const here = await engine.imageId(spec.image);
  if (!here.ok) return here;
  if (here.value === undefined) {
    report(`pulling ${spec.image}`);
    const pulled = await engine.pull(spec.image, report, signal);
    if (!pulled.ok) return pulled;
  }
  const user = await userIn(engine, spec.image, spec.user);
  if (!user.ok) return user;
  const wrong = misplaced(spec, user.value);
  if (wrong !== undefined)
    return fail({
      kind: "setting-unusable",
      setting: "mounts",
      detail: wrong,
      hint: "Choose another target.",
    });
  report(`making ${spec.name} from ${spec.image}`);
  const created = await engine.create(spec, user.value);
  if (!created.ok) return isTaken(created.failure) ? fail(madeMeanwhile(spec.name)) : created;
  const started = await startContainer(engine, spec.name);
  if (!started.ok) await engine.remove(spec.name);
  return started;
}

/** Two tazpods that start a project in the same moment both find no container. */
function isTaken(failure: Failure): boolean {
  return failure.kind === "command-failed" && /already in use/i.test(failure.detail);
}

function madeMeanwhile(name: string): Failure {
  return { kind: "changed-meanwhile", detail: `Another tazpod has made container ${name} meanwhile` };
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
