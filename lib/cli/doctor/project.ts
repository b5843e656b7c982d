import { displayPath } from "../../host/paths.js";
import type { Project } from "../../project/project.js";
import type { TrustState } from "../../trust/ensure-trusted.js";
import { type Check, good, type Seen, warning } from "./types.js";

/** Whether there is a project, and whether what it says for itself is trusted on this host. */
export function projectCheck(project: Project, trust: TrustState, isAsked: boolean): Check {
  return { name: "project", limitMs: 1_000, look: async () => judge(project, trust, isAsked) };
}

function judge({ root, initialised, configFile }: Project, { state }: TrustState, isAsked: boolean): Seen {
  if (!initialised)
    return warning(`there is none in ${root} or above it`, "`tazpod init` makes one of this folder.");
  if (state !== "untrusted") return good(`${displayPath(configFile)}, ${state}`);
  const reason = "what it overrides is not trusted on this host yet";
  const todo = "`tazpod trust` shows it, and asks.";
  // on a terminal enter asks, too
  return isAsked ? warning(reason, todo) : { verdict: "stops", reason, todo };
}
