import type { ProcessOutput } from "zx/core";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import type { EngineSelection } from "../engine/choose-engine.js";
import type { ContainerState, Engine } from "../engine/engine.js";
import type { CheckResult } from "../failure/check-result.js";
import type { Result } from "../failure/result.js";
import type { Project } from "../project/project.js";
import type { Remote } from "../remote/remote-types.js";
import type { RunContext } from "../run/run-context.js";
import type { Session } from "./session.js";

export type { CheckResult } from "../failure/check-result.js";
export type { Result } from "../failure/result.js";
export { fails, holds, unknown } from "../run/run-context.js";

/** The context of a step script: the runner's own, and the services of the project. */
export interface StepContext extends RunContext {
  /** The project: `root` is its folder, absolute, and `config` its settings with all defaults. */
  readonly project: Project;
  /** What this run remembers between its steps. */
  readonly session: Session;
  /** The engine of the project's container. */
  readonly engine: () => Promise<Engine>;
  /** The same engine, with those that were tried before it and why they are unavailable. */
  readonly chosen: () => Promise<EngineSelection>;
  /** The state of the project's container; the engine is asked once a step. */
  readonly container: () => Promise<Result<ContainerState>>;
  /** The content id of the configured image, undefined when it is not on this host; the engine is asked once a step. */
  readonly imageId: () => Promise<Result<string | undefined>>;
  /** The open vault's folder in the container's RAM. Failure: `container-gone` when the container is not running. */
  readonly secrets: () => Promise<Result<SecretsFolder>>;
  /** The remote of the settings, opened. */
  readonly remote: () => Promise<Remote>;
  /**
   * Runs a command with zx's `$`, in the task's folder, with the step's environment and signal; values are quoted.
   * Resolves to its output, or throws it if the exit code is not 0.
   */
  readonly $: (pieces: TemplateStringsArray, ...values: unknown[]) => Promise<ProcessOutput>;
}

/** A check that a script exports under a fact's name. It only reads, asks nothing, and answers true, false or unknown. */
export type StepCheck = (context: StepContext) => Promise<CheckResult>;

/**
 * The exports of a step script. A thrown error or a failed result fails the step. A text in the result says in one
 * sentence what was done, and is shown in place of the task's description.
 */
export interface StepScript {
  readonly run?: (context: StepContext) => Promise<Result<unknown> | void>;
  readonly checks?: Readonly<Record<string, StepCheck>>;
}
