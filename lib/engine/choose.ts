import { PassThrough } from "node:stream";
import { join } from "node:path";
import type { Failure } from "../failure/failure.js";
import { fail, type Result, ok } from "../failure/result.js";
import {
  type ContainerState,
  type Engine,
  type EngineChoice,
  type EngineName,
  engineNames,
} from "./engine.js";
import { readTextSync, removeFile } from "../host/files.js";
import { projectState, writeState } from "../host/project-state.js";
import { ociEngine } from "./oci/engine.js";

export interface EngineSelection {
  readonly engine: Engine;
  /** What it said of the container then, where it was asked that to be chosen. */
  readonly state?: Result<ContainerState>;
  /** Those before it that do not answer. */
  readonly unavailable: readonly UnavailableEngine[];
  /** No engine answers, and each call of `engine` fails with this. */
  readonly failure?: Failure;
}

interface UnavailableEngine {
  readonly name: EngineName;
  readonly failure: Failure;
}

/**
 * The engine that is named, or the first that answers. The one that made the project's container, as noted, stays in use for
 * as long as the container is there: an open vault must not be out of sight because another engine has come up. The
 * question that it answers is for the state of the container, which is what is wanted next anyway. `process` is taken only
 * where it is named or noted: someone agreed to it.
 */
export async function chooseEngine(
  choice: EngineChoice,
  container: string,
  { root, vaultFolder }: { readonly root: string; readonly vaultFolder: string },
): Promise<EngineSelection> {
  if (choice !== "auto") return { engine: await openEngine(choice, root), unavailable: [] };
  const recorded = readRecordedEngine(vaultFolder);
  if (recorded !== undefined) {
    const engine = await openEngine(recorded, root);
    const state = await engine.inspect(container);
    const isThere = state.ok ? state.value.state !== "absent" : !isMissing(state.failure);
    if (isThere) return { engine, state, unavailable: [] };
  }
  const unavailable: UnavailableEngine[] = [];
  for (const name of engineNames) {
    if (name === "process" && recorded !== name) continue;
    const engine = await openEngine(name, root);
    // what is not there can be asked for anywhere
    const version = runsOnThisHost(name) ? await engine.version() : undefined;
    const state = version?.ok === false ? fail(version.failure) : await engine.inspect(container);
    if (state.ok) return { engine, state, unavailable };
    unavailable.push({ name, failure: state.failure });
  }
  const failure: Failure = { kind: "no-engine", causes: unavailable.map(({ failure: cause }) => cause) };
  return { engine: unavailableEngine(failure), unavailable, failure };
}

/** Whether an engine runs the host's own programs, without an image. */
export const runsOnThisHost = (name: EngineName): boolean => name === "namespace" || name === "process";

const isMissing = (failure: Failure): boolean =>
  failure.kind === "engine-unavailable" && failure.why === "missing";

/** Stands for the engine where there is none: whatever is wanted of it fails with why. */
function unavailableEngine(failure: Failure): Engine {
  const fails = async (): Promise<Result<never>> => fail(failure);
  return {
    name: "docker",
    effectiveSpec: (spec) => spec,
    sharedWithHost: () => [],
    remoteAddress: async () => undefined,
    execPiped: () => ({ stdout: new PassThrough().end(), done: fails() }),
    ...{
      version: fails,
      inspect: fails,
      imageId: fails,
      pull: fails,
      lookUp: fails,
      create: fails,
      start: fails,
      remove: fails,
      removeCopy: fails,
    },
    ...{ exec: fails, foreground: fails },
  };
}

/** A note on the host of the engine that made the project's container: see choose.ts. */
const recordFile = "engine";

/** Undefined where nothing is noted, or it cannot be read. */
function readRecordedEngine(vaultFolder: string): EngineName | undefined {
  const text = readTextSync(join(projectState(vaultFolder), recordFile))?.trim();
  return engineNames.find((known) => known === text);
}

export function recordEngine(vaultFolder: string, engine: EngineName): Promise<Result<void>> {
  return writeState(vaultFolder, recordFile, `${engine}\n`);
}

/** The container is gone. */
export function forgetRecordedEngine(vaultFolder: string): Promise<Result<void>> {
  return removeFile(join(projectState(vaultFolder), recordFile));
}

/** Opens an engine for a project, by its folder. Those that are rarely used are loaded only then. */
export async function openEngine(name: EngineName, project?: string): Promise<Engine> {
  if (name === "namespace") return (await import("./namespace/engine.js")).namespaceEngine(project);
  if (name === "process") return (await import("./process/engine.js")).processEngine();
  return ociEngine(name);
}

/** TAZPOD_ENGINE says for this host what the settings say for all of them. Failure: `usage` when it names no engine. */
export function configuredEngine(setting: EngineChoice, env: NodeJS.ProcessEnv): Result<EngineChoice> {
  const given = env["TAZPOD_ENGINE"];
  if (given === undefined || given === "") return ok(setting);
  const known = [...engineNames, "auto"] as const;
  const found = known.find((name) => name === given);
  if (found !== undefined) return ok(found);
  return fail({
    kind: "usage",
    message: `TAZPOD_ENGINE is ${JSON.stringify(given)}, which is no engine.`,
    hint: `Known: ${known.join(", ")}.`,
  });
}
