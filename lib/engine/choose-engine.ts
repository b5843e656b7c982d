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
import { defaultSettings, type KubernetesSettings } from "./kubernetes/settings.js";
import { ociEngine } from "./oci/engine.js";

export interface EngineSelection {
  /** The chosen engine, and what was learned while choosing it. */
  readonly engine: Engine;
  /** The container's state, if the engine was asked for it while choosing. */
  readonly state?: Result<ContainerState>;
  /** The engines that were tried before and do not work. */
  readonly unavailable: readonly UnavailableEngine[];
  /** Set if no engine works; then every call of `engine` fails with it. */
  readonly failure?: Failure;
}

interface UnavailableEngine {
  readonly name: EngineName;
  readonly failure: Failure;
}

/** What the choice of an engine needs to know of a project. */
interface ProjectOfEngine {
  readonly root: string;
  readonly vaultFolder: string;
  readonly config: { readonly kubernetes: KubernetesSettings; readonly ports: readonly string[] };
}

/**
 * Returns the named engine or, for `auto`, the first one that works. The engine that made the project's container is
 * recorded and stays in use while that container exists; otherwise an open vault would be out of reach as soon as
 * another engine becomes available. `auto` takes `process` only if it is recorded, since the user has agreed to it
 * then.
 */
export async function chooseEngine(
  choice: EngineChoice,
  container: string,
  { root, vaultFolder, config }: ProjectOfEngine,
): Promise<EngineSelection> {
  const open = (name: EngineName): Promise<Engine> =>
    openEngine(name, { root, kubernetes: config.kubernetes, ports: config.ports });
  if (choice !== "auto") return { engine: await open(choice), unavailable: [] };
  const recorded = readRecordedEngine(vaultFolder);
  if (recorded !== undefined) {
    const engine = await open(recorded);
    const state = await engine.inspect(container);
    const isThere = state.ok ? state.value.state !== "absent" : !isMissing(state.failure);
    if (isThere) return { engine, state, unavailable: [] };
  }
  const unavailable: UnavailableEngine[] = [];
  for (const name of engineNames) {
    if (name === "kubernetes" || (name === "process" && recorded !== name)) continue;
    const engine = await open(name);
    // for an absent container, `inspect` succeeds even where the engine cannot run one, so `version` checks that first
    const version = runsOnThisHost(name) ? await engine.version() : undefined;
    const state = version?.ok === false ? fail(version.failure) : await engine.inspect(container);
    if (state.ok) return { engine, state, unavailable };
    unavailable.push({ name, failure: state.failure });
  }
  const failure: Failure = { kind: "no-engine", causes: unavailable.map(({ failure: cause }) => cause) };
  return { engine: unavailableEngine(failure), unavailable, failure };
}

/** Tells whether an engine runs the host's own programs, without an image. */
export const runsOnThisHost = (name: EngineName): boolean => name === "namespace" || name === "process";

const isMissing = (failure: Failure): boolean =>
  failure.kind === "engine-unavailable" && failure.why === "missing";

/** Returns a stand-in engine whose every call fails with `failure`. */
function unavailableEngine(failure: Failure): Engine {
  const fails = async (): Promise<Result<never>> => fail(failure);
  return {
    name: "docker",
    effectiveSpec: (spec) => spec,
    sharedWithHost: () => [],
    address: async () => undefined,
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

/** The file, in the project's state on this host, that names the engine of the project's container. */
const recordFile = "engine";

/** Returns undefined if no engine is recorded or the file cannot be read. */
function readRecordedEngine(vaultFolder: string): EngineName | undefined {
  const text = readTextSync(join(projectState(vaultFolder), recordFile))?.trim();
  return engineNames.find((known) => known === text);
}

/** Records the engine that makes the project's container. Failure: `file`. */
export function recordEngine(vaultFolder: string, engine: EngineName): Promise<Result<void>> {
  return writeState(vaultFolder, recordFile, `${engine}\n`);
}

/** Forgets the engine once its container is removed. Failure: `file`. */
export function forgetRecordedEngine(vaultFolder: string): Promise<Result<void>> {
  return removeFile(join(projectState(vaultFolder), recordFile));
}

/** Opens an engine, for a project. Rarely used engines are loaded only here. */
export async function openEngine(
  name: EngineName,
  {
    root,
    kubernetes = defaultSettings(),
    ports,
  }: {
    readonly root?: string;
    readonly kubernetes?: KubernetesSettings;
    readonly ports?: readonly string[];
  } = {},
): Promise<Engine> {
  if (name === "namespace") return (await import("./namespace/engine.js")).namespaceEngine(root);
  if (name === "kubernetes")
    return (await import("./kubernetes/engine.js")).kubernetesEngine(kubernetes, root, ports);
  if (name === "process") return (await import("./process/engine.js")).processEngine();
  return ociEngine(name);
}

/**
 * Returns the engine that TAZPOD_ENGINE names, or else the one in the settings. Failure: `usage` for an unknown name.
 */
export function configuredEngine(setting: EngineChoice, env: NodeJS.ProcessEnv): Result<EngineChoice> {
  const given = env["TAZPOD_ENGINE"];
  if (given === undefined || given === "") return ok(setting);
  const known = [...engineNames, "auto"] as const;
  const found = known.find((name) => name === given);
  if (found !== undefined) return ok(found);
  return fail({
    kind: "usage",
    message: `TAZPOD_ENGINE is ${JSON.stringify(given)}, which is not an engine.`,
    hint: `Known: ${known.join(", ")}.`,
  });
}
