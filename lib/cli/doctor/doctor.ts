import { exitCode } from "../../failure/exit-code.js";
import { printJson, printResult } from "../../host/screen.js";
import type { Arguments } from "../../run/arguments.js";
import { open } from "../../session/open.js";
import { reportFailure } from "../../run/report.js";
import type { Run } from "../../run/run-environment.js";
import { readTrust } from "../../trust/ensure.js";
import { finding } from "./finding.js";
import { nodeCheck } from "./node.js";
import { patientOf, projectChecks } from "./patient.js";
import { doctorJson, line, summary } from "./print.js";
import { swapCheck } from "./swap.js";
import { type Check, type Finding, met } from "./types.js";
import { openingOf } from "./vault.js";

/** `tazpod doctor`: what would keep `enter` from its shell, or is not as it should be. Exit code 3 for the first. */
export async function doctorCommand(args: Arguments, words: readonly string[]): Promise<number> {
  if (words.length > 0) return reportFailure({ kind: "usage", message: "doctor takes no name." }, args.json);
  const setting = await open(args.project, args.options, { skipTrustCheck: true });
  // the host can be looked at all the same
  if (!setting.ok) {
    const broken: Check = { name: "project", limitMs: 1_000, look: async () => met(setting.failure) };
    return tell(undefined, examine([broken, nodeCheck, swapCheck], new AbortController().signal), args);
  }
  const { services, interrupts } = setting.value;
  interrupts.watch();
  try {
    const code = await examineProject(setting.value, args);
    if (interrupts.received === undefined) return code;
    const failure = { kind: "interrupted", signal: interrupts.received } as const;
    return args.json ? exitCode(failure) : reportFailure(failure, false);
  } finally {
    interrupts.unwatch();
    services.session.end();
  }
}

async function examineProject(setting: Run, args: Arguments): Promise<number> {
  const { recipe, services, interrupts } = setting;
  const { project } = services;
  const trust = await readTrust(project, recipe, (task) => services.vars(recipe, task));
  if (!trust.ok) return reportFailure(trust.failure, args.json);
  const patient = patientOf(setting);
  const checks = [...projectChecks(patient, trust.value), nodeCheck, swapCheck];
  async function* all(): AsyncGenerator<Finding> {
    yield* examine(checks, interrupts.signal);
    if (args.readData && project.initialised && !interrupts.signal.aborted) yield openingOf(patient);
  }
  return tell(project.root, all(), args);
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
