import { fail, type Result } from "../failure/result.js";
import type { Arguments } from "../run/arguments.js";
import { reportFailure } from "../run/report-failure.js";
import { type OpenOptions, type ProjectRun, withProject } from "../session/open-project.js";
import type { StepContext } from "../session/step.js";

/** Runs `work` in the project and reports its failure. Returns the exit code: what `work` returns, or 0. */
export async function inProject(
  args: Arguments,
  work: (run: ProjectRun) => Promise<Result<number | void>>,
  how?: OpenOptions,
): Promise<number> {
  const done = await withProject(args.project, args.options, work, how);
  return done.ok ? (done.value ?? 0) : reportFailure(done.failure, args.json);
}

/** The same for commands that run no code of an existing project, so that it need not be trusted. Failure: `no-project`. */
export function inUntrustedProject(
  args: Arguments,
  work: (run: ProjectRun) => Promise<Result<number | void>>,
): Promise<number> {
  const checked = async (run: ProjectRun): Promise<Result<number | void>> => {
    const { root, initialised } = run.services.project;
    return initialised ? work(run) : fail({ kind: "no-project", from: root });
  };
  return inProject(args, checked, { skipTrustCheck: true });
}

/** Like `inProject`, with a step's context, for commands that need an existing project. Failure: `no-project`. */
export function inVaultProject(
  args: Arguments,
  work: (context: StepContext) => Promise<Result<number | void>>,
): Promise<number> {
  return inProject(args, async ({ recipe, services, interrupts }) => {
    const { root, initialised } = services.project;
    if (!initialised) return fail({ kind: "no-project", from: root });
    return work(services.context(recipe, undefined, interrupts.signal));
  });
}
