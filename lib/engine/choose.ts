import type { Failure } from "../failure/failure.js";
import { fail, type Result } from "../failure/result.js";
import { noEngine } from "./none.js";
import { notedEngine } from "./note.js";
import { openEngine } from "./open.js";
import {
  type ContainerState,
  type Engine,
  type EngineChoice,
  type EngineName,
  engineNames,
} from "./types.js";

export interface Chosen {
  readonly engine: Engine;
  /** What it said of the container then, where it was asked that to be chosen. */
  readonly state?: Result<ContainerState>;
  /** Those before it that do not answer. */
  readonly passed: readonly Passed[];
  /** No engine answers, and each call of `engine` fails with this. */
  readonly failure?: Failure;
}

interface Passed {
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
): Promise<Chosen> {
  if (choice !== "auto") return { engine: await openEngine(choice, root), passed: [] };
  const noted = notedEngine(vaultFolder);
  if (noted !== undefined) {
    const engine = await openEngine(noted, root);
    const state = await engine.inspect(container);
    const isThere = state.ok ? state.value.state !== "absent" : !isMissing(state.failure);
    if (isThere) return { engine, state, passed: [] };
  }
  const passed: Passed[] = [];
  for (const name of engineNames) {
    if (name === "process" && noted !== name) continue;
    const engine = await openEngine(name, root);
    // what is not there can be asked for anywhere
    const able = runsOnThisHost(name) ? await engine.version() : undefined;
    const state = able?.ok === false ? fail(able.failure) : await engine.inspect(container);
    if (state.ok) return { engine, state, passed };
    passed.push({ name, failure: state.failure });
  }
  const failure: Failure = { kind: "no-engine", causes: passed.map(({ failure: cause }) => cause) };
  return { engine: noEngine(failure), passed, failure };
}

/** Whether an engine runs the host's own programs, without an image. */
export const runsOnThisHost = (name: EngineName): boolean => name === "namespace" || name === "process";

const isMissing = (failure: Failure): boolean =>
  failure.kind === "engine-unavailable" && failure.why === "missing";
