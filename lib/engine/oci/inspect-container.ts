import type { Finished } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { labels } from "./create-arguments.js";
import type { ContainerState } from "../engine.js";

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: { readonly Status: string; readonly StartedAt: string };
  readonly Config: { readonly Labels?: Readonly<Record<string, string>> | null };
}

/** The states without a process, as docker and podman name them. A container is killed before it is removed. */
const stopped = new Set(["created", "configured", "initialized", "exited", "stopped", "dead", "removing"]);

function stateOf(reported: string): "running" | "stopped" | "not-ready" {
  if (reported === "running") return "running";
  return stopped.has(reported) ? "stopped" : "not-ready";
}

/** Reads the output of `container inspect NAME`. A container found by an id prefix counts as absent. */
export function parseInspect(name: string, done: Finished): Result<ContainerState> {
  if (done.code !== 0) {
    if (/no such container/i.test(done.stderr)) return ok({ state: "absent" });
    return fail({
      kind: "command-failed",
      command: ["container", "inspect", name],
      code: done.code,
      detail: done.stderr,
    });
  }
  const [found] = JSON.parse(done.stdout.toString()) as Inspected[];
  if (!found || found.Name.replace(/^\//, "") !== name) return ok({ state: "absent" });
  const known = found.Config.Labels ?? {};
  return ok({
    state: stateOf(found.State.Status),
    reported: found.State.Status,
    id: found.Id,
    startedAt: found.State.StartedAt,
    owner: known[labels.project],
    specHash: known[labels.spec],
    imageId: known[labels.image] ?? found.Image,
    home: known[labels.home] ?? "/root",
    workspace: known[labels.workspace],
  });
}
