import type { Shell } from "zx/core";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import type { EngineSelection } from "../engine/choose.js";
import type { ContainerState, Engine } from "../engine/engine.js";
import type { Terminal } from "../host/terminal.js";
import type { CheckResult } from "../failure/check-result.js";
import type { Project } from "../project/project.js";
import type { Remote } from "../remote/remote-types.js";
import type { Result } from "../failure/result.js";
import type { TrustedCode } from "../trust/code.js";
import type { Session } from "../session/session.js";
import type { RunOptions } from "./options.js";

export type { CheckResult } from "../failure/check-result.js";
export type { Result } from "../failure/result.js";

/** What a step script is given. */
export interface StepContext {
  readonly project: Project;
  readonly options: RunOptions;
  readonly terminal: Terminal;
  /** Aborts when the step is to stop: interrupted, hung up, or out of time. The reason is the signal's name. */
  readonly signal: AbortSignal;
  /** The recipe's variables, the task's own among them. */
  readonly vars: Readonly<Record<string, string>>;
  /** The task's `env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Lines of progress, shown while the step runs. */
  readonly report: (text: string) => void;
  readonly session: Session;
  /** What of the project's own code may run. */
  readonly code: TrustedCode;
  readonly engine: () => Promise<Engine>;
  /** That engine, and those before it that do not answer. */
  readonly chosen: () => Promise<EngineSelection>;
  /** The project's container; asked of the engine once a step. */
  readonly container: () => Promise<Result<ContainerState>>;
  /** The content id of the configured image, undefined when it is not here; asked of the engine once a step. */
  readonly imageId: () => Promise<Result<string | undefined>>;
  /** The RAM folder. Failure: `container-gone` when the container does not run. */
  readonly secrets: () => Promise<Result<SecretsFolder>>;
  readonly remote: () => Promise<Remote>;
  /** zx's `$`, in the project's folder, with the step's env and signal. */
  readonly shell: () => Promise<Shell>;
}

/** A check that a script exports under a fact's name. It reads, asks nothing, and answers true, false or unknown. */
export type StepCheck = (context: StepContext) => Promise<CheckResult>;

/** What a step script exports. A thrown error or a failed result fails the step. */
export interface StepScript {
  readonly run?: (context: StepContext) => Promise<Result<unknown> | void>;
  readonly checks?: Readonly<Record<string, StepCheck>>;
}

export const holds = (reason: string): CheckResult => ({ state: "true", reason });
export const fails = (reason: string, hint?: string): CheckResult => ({
  state: "false",
  reason,
  ...(hint === undefined ? {} : { hint }),
});
export const unknown = (reason: string, hint?: string): CheckResult => ({
  state: "unknown",
  reason,
  ...(hint === undefined ? {} : { hint }),
});
