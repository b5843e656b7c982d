import { exitCode } from "../../failure/failure.js";
import { printJson, printResult } from "../../host/screen.js";
import type { Arguments } from "../../run/arguments.js";
import { type ProjectRun, withProject } from "../../session/open-project.js";
import { type Result, fail, ok } from "../../failure/result.js";
import { reportFailure } from "../../run/report-failure.js";
import { readTrust } from "../../trust/ensure-trusted.js";
import { nodeCheck, swapCheck } from "./host-checks.js";
import { doctorContext, projectChecks } from "./project-checks.js";
import { type Check, type Finding, fromFailure, unknown } from "./check.js";
import { checkOpening } from "./vault-checks.js";
import { sleep } from "../../host/clock.js";

/**
 * `tazpod doctor`: finds what would stop `enter`, and what should be better. Exit code 3 if something would stop it.
 */
export async function doctorCommand(args: Arguments): Promise<number> {
  const done = await withProject(args.project, args.options, (run) => examineProject(run, args), {
    skipTrustCheck: true,
  });
  if (done.ok) return done.value;
  if (done.failure.kind === "interrupted")
    return args.json ? exitCode(done.failure) : reportFailure(done.failure, false);
  // the host can be checked even if the project cannot be opened
  const broken: Check = { name: "project", limitMs: 1_000, run: async () => fromFailure(done.failure) };
  return printFindings(
    undefined,
    runChecks([broken, nodeCheck, swapCheck], new AbortController().signal),
    args,
  );
}

async function examineProject(run: ProjectRun, args: Arguments): Promise<Result<number>> {
  const { recipe, services, interrupts } = run;
  const { project } = services;
  const trust = await readTrust(project, recipe, (task) => services.vars(recipe, task));
  if (!trust.ok) return trust;
  const doctor = doctorContext(run);
  const checks = [...projectChecks(doctor, trust.value), nodeCheck, swapCheck];
  async function* all(): AsyncGenerator<Finding> {
    yield* runChecks(checks, interrupts.signal);
    if (args.readData && project.initialised && !interrupts.signal.aborted) yield checkOpening(doctor);
  }
  const code = await printFindings(project.root, all(), args);
  const { received } = interrupts;
  return received === undefined ? ok(code) : fail({ kind: "interrupted", signal: received });
}

/** Runs all checks at the same time; yields the results in their order. */
async function* runChecks(checks: readonly Check[], interrupt: AbortSignal): AsyncGenerator<Finding> {
  yield* checks.map((check) => runCheck(check, interrupt));
}

async function printFindings(
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

/** Runs a check within its time limit, and then stops what it was waiting for. */
export async function runCheck({ name, limitMs, run }: Check, interrupt: AbortSignal): Promise<Finding> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, interrupt]);
  const late = sleep(limitMs, signal).then(() =>
    unknown(interrupt.aborted ? "interrupted" : `no answer within ${limitMs / 1000} s`),
  );
  try {
    return { check: name, ...(await Promise.race([run(signal), late])) };
  } finally {
    over.abort();
  }
}

const signs = { good: "=", warning: "-", stops: "!", unknown: "?" } as const;
/** The length of the longest name of a check. */
const width = "passphrase".length;

/** Formats a finding; what to do is on its own line. */
export function line({ check, verdict, reason, todo }: Finding): string {
  const lines = [...reason.split("\n"), ...(todo === undefined ? [] : [todo])];
  const head = `  ${signs[verdict]} ${check.padEnd(width)}  `;
  return head + lines.join(`\n${" ".repeat(head.length)}`);
}

export function summary(findings: readonly Finding[]): string {
  const stops = findings.filter(({ verdict }) => verdict === "stops").map(({ check }) => check);
  return stops.length === 0
    ? "No problem found that would stop `tazpod enter`."
    : `These problems would stop \`tazpod enter\`: ${stops.join(", ")}.`;
}

/** The stable output of `--json`: schema/doctor.schema.json documents it. */
export interface DoctorJson {
  readonly version: 1;
  /** Absent if it cannot be read. */
  readonly project?: string;
  readonly stops: boolean;
  readonly findings: readonly Finding[];
}

export function doctorJson(root: string | undefined, findings: readonly Finding[]): DoctorJson {
  return {
    version: 1,
    project: root,
    stops: findings.some(({ verdict }) => verdict === "stops"),
    findings,
  };
}
