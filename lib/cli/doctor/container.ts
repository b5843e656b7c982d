import { runsOnThisHost } from "../../engine/choose.js";
import { dialectOf } from "../../engine/dialect.js";
import { hostHas } from "../../run/host-ready.js";
import { ownContainer } from "../../run/own-container.js";
import { engineMs } from "./engine.js";
import { type Check, good, met, type Patient, unknown, warning } from "./types.js";

const noEngine = unknown("not looked for: the engine does not answer");

/** Whether the image is here; one that is not is pulled when the container is made. */
export function imageCheck({ project, context, engine }: Patient): Check {
  const { image } = project.config;
  return {
    name: "image",
    limitMs: engineMs,
    async look() {
      if (!(await engine()).ok) return noEngine;
      const { name } = await context.engine();
      if (runsOnThisHost(name)) return good("none is needed: the programs are this host's");
      const id = await context.imageId();
      if (!id.ok) return met(id.failure, "unknown");
      if (id.value !== undefined) return good(`${image} is here`);
      return warning(
        `${image} is not here`,
        `\`tazpod enter\` pulls it; \`${name} pull ${dialectOf(name).pulled(image)}\` shows whether it can.`,
      );
    },
  };
}

/** Whether the container's name is free or the project's, and whether the host has what it is to be made with. */
export function containerCheck({ project, context, engine }: Patient): Check {
  const { containerName: name, ghostMode } = project.config;
  return {
    name: "container",
    limitMs: engineMs,
    async look() {
      if (!ghostMode) return met({ kind: "ghost-mode-off" });
      if (!(await engine()).ok) return noEngine;
      const state = await ownContainer(context);
      if (!state.ok) return met(state.failure);
      if (state.value.state !== "absent") return good(`${name} is ${state.value.state}`);
      const ready = await hostHas(project);
      return ready.ok ? good(`${name} is not there yet; \`tazpod enter\` makes it`) : met(ready.failure);
    },
  };
}
