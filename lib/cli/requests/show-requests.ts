import { basename } from "node:path";
import { fail, ok, type Result } from "../../failure/result.js";
import { now, sleep } from "../../host/clock.js";
import { hasFullScreen, withFullScreen, type FullScreen } from "../../host/full-screen.js";
import { printJson, printResult, resultsOnTerminal } from "../../host/screen.js";
import { formatRules, type ReadRules, readRules, rulesJson } from "../../requests/read-rules.js";
import type { Arguments } from "../../run/arguments.js";
import type { ProjectRun } from "../../session/open-project.js";
import { inUntrustedProject } from "../in-project.js";
import { describeRequest, summarizeRequest, timeLeft } from "./describe-request.js";
import { LiveQueue } from "./live-queue.js";
import { openRequests, type OpenRequests } from "./open-requests.js";

/** How often the live queue asks the sessions, in ms. */
const pollMs = 500;

/** `tazpod requests`: a live queue on a terminal; elsewhere, or with --json or --policy, what waits and runs now. */
export function requestsCommand(args: Arguments): Promise<number> {
  const isLive = !args.json && !args.policy && hasFullScreen() && resultsOnTerminal();
  return inUntrustedProject(args, isLive ? live : (run) => printOnce(run, args));
}

async function printOnce(
  { services: { project } }: ProjectRun,
  { json, policy }: Arguments,
): Promise<Result<void>> {
  const found = await openRequests(project.root);
  if (!found.ok) return found;
  const rules = policy ? await readRules(project) : undefined;
  if (json) printJson(requestsJson(found.value, rules));
  else if (rules === undefined) printResult(requestsText(found.value));
  else printResult(policyText(found.value, rules));
  return ok(undefined);
}

/** Returns the stable output of `--json`: schema/requests-list.schema.json documents it. */
function requestsJson({ requests }: OpenRequests, rules: ReadRules | undefined): object {
  const policy = rules === undefined ? {} : { policy: rulesJson(rules, now()) };
  return { version: 1, requests: requests.map(({ request }) => request), ...policy };
}

function requestsText({ sessions, requests }: OpenRequests): string {
  if (sessions === 0) return "No session of this project receives requests now.";
  if (requests.length === 0) return "No request waits.";
  const texts = requests.map(({ request }) => {
    const state = timeLeft(request, now()) ?? "running";
    return [`Request ${request.id}: ${state}`, ...describeRequest(request).map(({ text }) => text)].join(
      "\n",
    );
  });
  return [...texts, "Answer with `tazpod approve ID` or `tazpod deny ID`."].join("\n\n");
}

/** Explains which rules have effect, and which one decided about each request. */
function policyText({ requests }: OpenRequests, rules: ReadRules): string {
  const decided = requests.map(({ request }) => [
    "",
    summarizeRequest(request),
    `  ${request.ruling.decision}: ${request.ruling.why}`,
  ]);
  return [...formatRules(rules, now()), ...decided.flat()].join("\n");
}

/** Shows the live queue until the user leaves it. Failure: `interrupted`, by a signal. */
async function live({ services: { project }, interrupts }: ProjectRun): Promise<Result<void>> {
  const over = new AbortController();
  const end = AbortSignal.any([over.signal, interrupts.signal]);
  let screen: FullScreen | undefined;
  const draw = (): void => {
    if (screen !== undefined && !end.aborted) screen.draw(queue.layOut(screen).rows);
  };
  const queue = new LiveQueue(basename(project.root), draw);
  const listener = {
    keys: (keys: readonly string[]): void => {
      if (queue.press(keys)) over.abort();
      draw();
    },
    redraw: draw,
    closed: () => over.abort(),
  };
  await withFullScreen(listener, async (opened) => {
    screen = opened;
    while (!end.aborted) {
      if (queue.update(await openRequests(project.root))) opened.ring();
      draw();
      await sleep(pollMs, end);
    }
  });
  const { received } = interrupts;
  return received === undefined ? ok(undefined) : fail({ kind: "interrupted", signal: received });
}
