import type { Failure } from "../failure/failure.js";
import { fail, type Result } from "../failure/result.js";
import { unavailableEngine } from "./none.js";
import { readRecordedEngine } from "./note.js";
import { openEngine } from "./open.js";
import {
  type ContainerState,
  type Engine,
  type EngineChoice,
  type EngineName,
  engineNames,
} from "./types.js";

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
  const noted = readRecordedEngine(vaultFolder);
  if (noted !== undefined) {
    const engine = await openEngine(noted, root);
    const state = await engine.inspect(container);
    const isThere = state.ok ? state.value.state !== "absent" : !isMissing(state.failure);
    if (isThere) return { engine, state, unavailable: [] };
  }
  const unavailable: UnavailableEngine[] = [];
  for (const name of engineNames) {
    if (name === "process" && noted !== name) continue;
    const engine = await openEngine(name, root);
    // what is not there can be asked for anywhere
    const able = runsOnThisHost(name) ? await engine.version() : undefined;
    const state = able?.ok === false ? fail(able.failure) : await engine.inspect(container);
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
