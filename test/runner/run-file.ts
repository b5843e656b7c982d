import { spawn } from "node:child_process";
import type { EngineName } from "../../lib/engine/engine.js";
import { makeSurroundings } from "./environment.js";
import type { SuiteFile } from "./suite-file.js";

/** The result of one file. A failed file counts at least one failed test. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why the file failed; empty when it passed. */
  readonly reasons: readonly string[];
  /** `NAME: reason` of each declared skip. */
  readonly skips: readonly string[];
  readonly output: string;
  readonly ms: number;
}

/** Limit of a test file's output, in characters; more would fill the runner's memory. */
const mostOutput = 5_000_000;

const collectAtEnd = new URL("collect.js", import.meta.url).href;

const groups = new Set<number>();

/** Kills every process group that is still running: for a runner that is told to stop. */
export function killAll(): void {
  for (const pid of groups) killGroup(pid);
}

/** Runs one file in its own process group; what is left of the group at its end is killed. */
export async function runFile(file: SuiteFile, engine?: EngineName): Promise<Outcome> {
  const started = performance.now();
  const surroundings = await makeSurroundings(file, engine);
  const child = spawn(process.execPath, ["--expose-gc", "--import", collectAtEnd, file.script], {
    env: surroundings.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  let [stdout, stderr] = ["", ""];
  let [late, flooded] = [false, false];
  const room = (): boolean => {
    flooded ||= stdout.length + stderr.length > mostOutput;
    if (flooded && pid !== undefined) killGroup(pid);
    return !flooded;
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += room() ? text : ""));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += room() ? text : ""));
  const timer = setTimeout(() => {
    late = true;
    if (pid !== undefined) killGroup(pid);
  }, file.limitMs);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      // a process it left behind would keep the pipes open
      if (pid !== undefined) killGroup(pid);
      child.once("close", () => resolve(code === 0 ? "" : `exit ${code ?? signal}`));
    });
  });
  const exit = await ended;
  clearTimeout(timer);
  if (pid !== undefined) groups.delete(pid);
  await surroundings.remove();
  const ending = flooded
    ? `printed more than ${mostOutput / 1_000_000} million characters`
    : late
      ? `not done after ${file.limitMs / 1000} s`
      : exit;
  const judged = judge(stdout, stderr, ending);
  const output = `${stdout}${stderr}`;
  return { ...judged, output: flooded ? output.slice(-4_000) : output, ms: performance.now() - started };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

/** Reads uvu's totals; anything but a complete pass is a reason. */
function judge(stdout: string, stderr: string, exit: string): Omit<Outcome, "output" | "ms"> {
  const reasons: string[] = exit === "" ? [] : [exit];
  const number = (label: string): number | undefined => {
    const text = [...stdout.matchAll(new RegExp(`^  ${label}: +(\\d+)$`, "gm"))].at(-1)?.[1];
    return text === undefined ? undefined : Number(text);
  };
  const total = number("Total");
  const passed = number("Passed") ?? 0;
  const skipped = number("Skipped") ?? 0;
  const skips = [...stdout.matchAll(/^skip: (.+)$/gm)].map((match) => match[1] ?? "");
  if (total === undefined) reasons.push("no totals from uvu");
  else if (total === 0 && skipped === 0) reasons.push("not one test ran");
  else if (passed !== total) reasons.push(`${passed} of ${total} passed`);
  if (skipped !== skips.length) reasons.push(`${skipped} skipped, ${skips.length} with a reason`);
  const warning = /^\(node:\d+\) .*$/m.exec(stderr)?.[0];
  if (warning !== undefined) reasons.push(`the process warned: ${warning}`);
  const failed = reasons.length === 0 ? 0 : Math.max(1, (total ?? 0) - passed);
  return { passed, failed, skipped: skips.length, reasons, skips };
}
