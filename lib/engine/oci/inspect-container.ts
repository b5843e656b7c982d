import type { Finished } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { isRecord, parseJson } from "../../host/json.js";
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

function isInspected(one: unknown): one is Inspected {
  return (
    isRecord(one) && typeof one["Name"] === "string" && isRecord(one["State"]) && isRecord(one["Config"])
  );
}

/**
 * Reads the output of `container inspect NAME`. A container found by an id prefix counts as absent. Failures:
 * `command-failed`, `answer-unreadable`.
 */
export function parseInspect(engine: string, name: string, done: Finished): Result<ContainerState> {
  const command = ["container", "inspect", name];
  if (done.code !== 0) {
    if (/no such container/i.test(done.stderr)) return ok({ state: "absent" });
    return fail({ kind: "command-failed", command, code: done.code, detail: done.stderr });
  }
  const answer = parseJson(done.stdout.toString());
  if (!Array.isArray(answer) || !answer.every(isInspected))
    return fail({ kind: "answer-unreadable", engine, command });
  const [found] = answer;
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
