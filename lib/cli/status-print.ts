import { hostname } from "node:os";
import type { EngineName } from "../engine/engine.js";
import { failureText } from "../failure/explain.js";
import type { OtherSession } from "../project/sessions.js";
import type { Project } from "../project/project.js";
import { ago } from "../host/human.js";
import type { PushedRecord, ReadState } from "../vault/vault-state.js";
import type { CheckResult } from "../failure/check-result.js";

interface Status extends ReadState {
  readonly project: Project;
  readonly facts: ReadonlyMap<string, CheckResult>;
  readonly sessions: readonly OtherSession[];
  /** The one that runs the container, or would; undefined where none answers. */
  readonly engine: EngineName | undefined;
}

const signs = { true: "=", false: "-", unknown: "?" } as const;

export function statusText({ project, facts, sessions, state, problem, engine }: Status): string {
  const width = Math.max(...[...facts.keys()].map((name) => name.length));
  const lines = [...facts].flatMap(([name, { state: sign, reason, hint }]) => [
    `  ${signs[sign]} ${name.padEnd(width)}  ${reason.split("\n")[0] ?? ""}`,
    ...(hint === undefined ? [] : [`${" ".repeat(width + 6)}${hint}`]),
  ]);
  const shells = sessions.map(
    ({ pid, parts }) => `process ${pid}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`,
  );
  const more = [
    `engine: ${engine ?? "none answers"}`,
    `open shells: ${shells.length === 0 ? "none" : shells.join("; ")}`,
    `last push or pull: ${problem === undefined ? lastSync(state.pushed) : failureText(problem)}`,
  ];
  return [project.root, ...lines, ...more].join("\n");
}

function lastSync(pushed: PushedRecord | undefined): string {
  if (pushed === undefined) return "none";
  const { at, remote, generation, host } = pushed;
  const which = generation === undefined ? "" : `, generation ${generation}`;
  const by = host === undefined ? "" : `, written by ${host}${host === hostname() ? " (this host)" : ""}`;
  return `${ago(new Date(at))}, with ${remote}${which}${by}`;
}

/** What `--json` prints, stable: schema/status.schema.json documents it. */
export function statusJson({ project: { root, config }, facts, sessions, state, engine }: Status) {
  const isOpen = facts.get("vault-open")?.state !== "false";
  const { at, remote, generation, host } = state.pushed ?? {};
  return {
    version: 1,
    project: root,
    container: config.containerName,
    engine: engine ?? null,
    remote: config.remote.url,
    facts: Object.fromEntries(
      [...facts].map(([name, { state: found, reason }]) => [name, { state: found, reason }]),
    ),
    unsaved: isOpen ? lacks(facts.get("vault-saved")) : false,
    unpushed: lacks(facts.get("vault-pushed")),
    sessions: sessions.map(({ pid, parts }) => ({ pid, parts })),
    lastSync: at === undefined ? null : { at, remote, generation, host },
  };
}

/** Null where nobody can tell. */
function lacks(verdict: CheckResult | undefined): boolean | null {
  if (verdict === undefined || verdict.state === "unknown") return null;
  return verdict.state === "false";
}
