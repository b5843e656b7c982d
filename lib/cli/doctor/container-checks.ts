import { runsOnThisHost } from "../../engine/choose-engine.js";
import { isAbsentImage } from "../../failure/explain-engine.js";
import { isOffline } from "../../session/staleness.js";
import { checkHostResources, unwritableNote } from "../../session/preflight.js";
import { ownContainer } from "../../session/project-container.js";
import {
  type Check,
  type DoctorContext,
  type CheckOutcome,
  good,
  fromFailure,
  unknown,
  warning,
} from "./check.js";
import { explain } from "../../failure/explain.js";
import { isRootless } from "../../engine/oci/daemon.js";

const noEngine = unknown("not checked: the engine does not answer");

/** Checks whether the image is here, or can be pulled or built. */
export function imageCheck(doctor: DoctorContext): Check {
  const { project, context, engine } = doctor;
  const { image } = project.config;
  return {
    name: "image",
    limitMs: engineMs,
    async run(signal) {
      if (!(await engine()).ok) return noEngine;
      const { name } = await context.engine();
      if (name === "kubernetes")
        return unknown(`the cluster's nodes pull ${image}; its registry was not checked`);
      if (runsOnThisHost(name)) return good("none is needed: this engine uses the programs of this host");
      if (project.build?.ok === false) return fromFailure(project.build.failure);
      const id = await context.imageId();
      if (!id.ok) return fromFailure(id.failure, "unknown");
      if (id.value !== undefined) return good(`${image} is here`);
      if (project.build !== undefined)
        return good(`not built yet; \`tazpod enter\` builds it from ${project.build.value.dockerfile}`);
      return pullable(doctor, signal);
    },
  };
}

/** Checks whether the image can be pulled. A missing image is only blocking while there is no container. */
async function pullable({ project, context }: DoctorContext, signal: AbortSignal): Promise<CheckOutcome> {
  const { image } = project.config;
  const { canPull } = await context.engine();
  if (isOffline(context) || canPull === undefined)
    return unknown(`${image} is not here; its registry was not checked`);
  const found = await canPull(image, signal);
  if (found.ok) return good(`not here yet; \`tazpod enter\` pulls ${image}`);
  const state = await context.container();
  const isNeeded = state.ok && state.value.state === "absent";
  const isAbsent = found.failure.kind === "image-unavailable" && isAbsentImage(found.failure.detail);
  return fromFailure(found.failure, isAbsent && isNeeded ? "stops" : "warning");
}

/** Checks whether the container's name is free or the project's, and whether the host has what a new one requires. */
export function containerCheck({ project, context, engine }: DoctorContext): Check {
  const { containerName: name, ghostMode } = project.config;
  return {
    name: "container",
    limitMs: engineMs,
    async run() {
      if (!ghostMode) return fromFailure({ kind: "ghost-mode-off" });
      if (!(await engine()).ok) return noEngine;
      const state = await ownContainer(context);
      if (!state.ok) return fromFailure(state.failure);
      const found = state.value.state === "absent" ? undefined : `${name} is ${state.value.state}`;
      const unwritable = unwritableNote(project, await context.engine());
      if (unwritable !== undefined)
        return warning([found, unwritable.reason].filter(Boolean).join("; "), unwritable.todo);
      if (found !== undefined) return good(found);
      const ready = await checkHostResources(project);
      return ready.ok
        ? good(`${name} does not exist yet; \`tazpod enter\` creates it`)
        : fromFailure(ready.failure);
    },
  };
}

/** Longer than an engine's own time limit, whose message says more. */
const engineMs = 25_000;

/** Checks whether the engine answers this user, and which one it is. */
export function engineCheck({ context, engine }: DoctorContext): Check {
  return {
    name: "engine",
    limitMs: engineMs,
    async run(signal) {
      const version = await engine();
      if (!version.ok) return fromFailure(version.failure);
      const { engine: chosen, unavailable } = await context.chosen();
      const { name } = chosen;
      const isDaemon = !runsOnThisHost(name) && name !== "kubernetes";
      const how = isDaemon && (await isRootless(name, signal)) ? ", rootless" : "";
      const why = unavailable.map((one) => explain(one.failure).message.split("\n")[0] ?? "");
      return good([`${name} ${version.value}${how}`, ...why].join("; "));
    },
  };
}
