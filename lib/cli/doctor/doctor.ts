import { exitCode } from "../../failure/exit-code.js";
import { printJson, printResult } from "../../host/screen.js";
import type { Arguments } from "../../run/arguments.js";
import { type ProjectRun, withProject } from "../../session/open.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { reportFailure } from "../../run/report.js";
import { readTrust } from "../../trust/ensure-trusted.js";
import { finding } from "./finding.js";
import { nodeCheck } from "./node.js";
import { patientOf, projectChecks } from "./patient.js";
import { doctorJson, line, summary } from "./print.js";
import { swapCheck } from "./swap.js";
import { type Check, type Finding, met } from "./types.js";
import { openingOf } from "./vault.js";

/** `tazpod doctor`: finds what would stop `enter`, and what should be better. Exit code 3 for the first. */
export async function doctorCommand(args: Arguments): Promise<number> {
  const done = await withProject(args.project, args.options, (run) => examineProject(run, args), {
    skipTrustCheck: true,
  });
  if (done.ok) return done.value;
  if (done.failure.kind === "interrupted")
    return args.json ? exitCode(done.failure) : reportFailure(done.failure, false);
  // the host can be checked even if the project cannot be opened
  const broken: Check = { name: "project", limitMs: 1_000, look: async () => met(done.failure) };
  return tell(undefined, examine([broken, nodeCheck, swapCheck], new AbortController().signal), args);
}

async function examineProject(run: ProjectRun, args: Arguments): Promise<Result<number>> {
  const { recipe, services, interrupts } = run;
  const { project } = services;
  const trust = await readTrust(project, recipe, (task) => services.vars(recipe, task));
  if (!trust.ok) return trust;
  const patient = patientOf(run);
  const checks = [...projectChecks(patient, trust.value), nodeCheck, swapCheck];
  async function* all(): AsyncGenerator<Finding> {
    yield* examine(checks, interrupts.signal);
    if (args.readData && project.initialised && !interrupts.signal.aborted) yield openingOf(patient);
  }
  const code = await tell(project.root, all(), args);
  const { received } = interrupts;
  return received === undefined ? ok(code) : fail({ kind: "interrupted", signal: received });
}

/** All at once; what each has found, in their order. */
async function* examine(checks: readonly Check[], interrupt: AbortSignal): AsyncGenerator<Finding> {
  yield* checks.map((check) => finding(check, interrupt));
}

async function tell(
  root: string | undefined,
  findings: AsyncIterable<Finding>,
  { json }: Arguments,
): Promise<number> {
  const found: Finding[] = [];
  if (!json && root !== undefined) printResult(root);
  for await (const one of findings) {
    found.push(one);
    if (!json) printResult(line(one));
  }
  if (json) printJson(doctorJson(root, found));
  else printResult(summary(found));
  return found.some(({ verdict }) => verdict === "stops") ? 3 : 0;
}
