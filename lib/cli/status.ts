import { type EngineName, engineNames, type ListedContainer } from "../engine/engine.js";
import type { CheckResult } from "../failure/check-result.js";
import { type Result, fail, ok } from "../failure/result.js";
import { printJson, printResult } from "../host/screen.js";
import { type OtherSession, otherSessions } from "../project/sessions.js";
import { waitingCount } from "../requests/waiting-count.js";
import type { Recipe } from "../recipe/recipe.js";
import type { Arguments } from "../run/arguments.js";
import { reportFailure } from "../run/report-failure.js";
import type { ProjectRun } from "../session/open-project.js";
import { type PushedRecord, type ReadState, readState } from "../vault/vault-state.js";
import { inProject } from "./in-project.js";
import { hostname } from "node:os";
import { failureText } from "../failure/explain.js";
import type { Project } from "../project/project.js";
import { ago } from "../host/human.js";

/** `tazpod status`: the facts that need no network, the open shells, and the last push or pull. */
export async function statusCommand(args: Arguments): Promise<number> {
  if (!args.short) return inProject(args, (run) => status(args, run));
  if (!args.json) return (await import("./status-short.js")).shortStatus(args.project);
  const { failure } = fail({
    kind: "usage",
    message: "--short prints a line of text; it cannot be combined with --json.",
  });
  return reportFailure(failure, args.json);
}

async function status(args: Arguments, { recipe, facts, services }: ProjectRun): Promise<Result<void>> {
  const { root, initialised } = services.project;
  if (!initialised) return fail({ kind: "no-project", from: root });
  const found = new Map<string, CheckResult>();
  for (const name of recipe.facts.keys()) {
    if (!recipe.facts.get(name)?.internal && !needsNetwork(recipe, name))
      found.set(name, await facts.evaluate(name));
  }
  const { project } = services;
  const sessions = await otherSessions(project.vaultFolder);
  if (!sessions.ok) return sessions;
  const read = await readState(project.vaultFolder);
  if (!read.ok) return read;
  const shells = sessions.value.filter(({ starting }) => !starting);
  const { engine, unavailable } = await services.chosen();
  const isThere = unavailable.length < engineNames.length;
  // a cluster that did not answer is not asked again
  const answers = found.get("container")?.state !== "unknown";
  const listed = answers ? await engine.listContainers?.(project.config.containerName) : undefined;
  const report = {
    ...{ project, facts: found, sessions: shells, engine: isThere ? engine.name : undefined },
    ...{ ...read.value, pods: listed?.ok ? listed.value : engine.listContainers && null },
    waiting: await waitingCount(project.vaultFolder),
  };
  if (args.json) printJson(statusJson(report));
  else printResult(statusText(report));
  return ok(undefined);
}

/** Returns whether checking a fact may contact a remote: `session` does, and so does what requires it. */
function needsNetwork(recipe: Recipe, name: string): boolean {
  return (
    name === "session" ||
    (recipe.facts.get(name)?.requires ?? []).some((required) => needsNetwork(recipe, required))
  );
}

interface Status extends ReadState {
  readonly project: Project;
  readonly facts: ReadonlyMap<string, CheckResult>;
  readonly sessions: readonly OtherSession[];
  /** The engine that runs or would run the container; undefined if none answers. */
  readonly engine: EngineName | undefined;
  /** The pods of the container's name; null if they cannot be listed, undefined for other engines. */
  readonly pods: readonly ListedContainer[] | null | undefined;
  /** How many requests of programs in the container wait for an answer. */
  readonly waiting: number;
}

const signs = { true: "=", false: "-", unknown: "?" } as const;

export function statusText(status: Status): string {
  const { project, facts, sessions, state, problem, engine, pods, waiting } = status;
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
    ...(waiting === 0 ? [] : [`waiting requests: ${waiting} (\`tazpod requests\` shows and answers them)`]),
    `last push or pull: ${problem === undefined ? lastSync(state.pushed) : failureText(problem)}`,
  ];
  return [project.root, ...lines, ...more, ...podLines(pods)].join("\n");
}

function podLines(pods: Status["pods"]): string[] {
  if (pods === undefined) return [];
  if (pods === null) return ["pods: unknown"];
  const rows = pods.map(({ name, owner, state, created, isOwn, isHelper }) => [
    ...[name, owner, state, ago(new Date(created))],
    [isOwn ? "used by this host" : "", isHelper ? "of `run with`" : ""].filter(Boolean).join(", "),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const shown = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return [rows.length === 0 ? "pods: none" : "pods:", ...shown.map((row) => `  ${row.trimEnd()}`)];
}

function lastSync(pushed: PushedRecord | undefined): string {
  if (pushed === undefined) return "none";
  const { at, remote, generation, host } = pushed;
  const which = generation === undefined ? "" : `, generation ${generation}`;
  const by = host === undefined ? "" : `, written by ${host}${host === hostname() ? " (this host)" : ""}`;
  return `${ago(new Date(at))}, with ${remote}${which}${by}`;
}

/** Returns the stable output of `--json`: schema/status.schema.json documents it. */
export function statusJson(status: Status) {
  const { facts, sessions, state, engine, pods, waiting } = status;
  const { root, config } = status.project;
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
    unsaved: isOpen ? isMissing(facts.get("vault-saved")) : false,
    unpushed: isMissing(facts.get("vault-pushed")),
    sessions: sessions.map(({ pid, parts }) => ({ pid, parts })),
    waitingRequests: waiting,
    lastSync: at === undefined ? null : { at, remote, generation, host },
    ...(pods === undefined
      ? {}
      : {
          pods:
            pods?.map(({ isOwn, isHelper, ...pod }) => ({ ...pod, own: isOwn, helper: isHelper })) ?? null,
        }),
  };
}

/** Returns null if it is unknown. */
function isMissing(verdict: CheckResult | undefined): boolean | null {
  if (verdict === undefined || verdict.state === "unknown") return null;
  return verdict.state === "false";
}
