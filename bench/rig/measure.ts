import { spawn, spawnSync } from "node:child_process";
import { randomBytes, scryptSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Measured } from "./rows.js";

export const passphrase = "correct horse battery";
export const MiB = 2 ** 20;

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Its stdin; empty if absent. */
  readonly input?: Buffer;
  /** Not included in the measured time. */
  readonly before?: () => void;
}

/** Runs a command and returns its time in ms. Throws if it fails. */
export function time({ argv, cwd, env, input, before }: Command): number {
  before?.();
  const [program = "", ...rest] = argv;
  const start = performance.now();
  const { status, stderr, error } = spawnSync(program, rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [input === undefined ? "ignore" : "pipe", "ignore", "pipe"],
    ...(input === undefined ? {} : { input }),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr.toString()}`);
  return performance.now() - start;
}

/** The least that a program for Node takes. */
export function bareNode(cwd: string): Command {
  return { argv: [process.execPath, "-e", "0"], cwd };
}

/** Returns how long deriving a key takes here, in ms. */
export function keyDerivation(): number {
  const start = performance.now();
  scryptSync(passphrase, randomBytes(16), 32, { N: 2 ** 18, r: 8, p: 1, maxmem: 2 ** 29 });
  return performance.now() - start;
}

/** Whether a program is installed. */
export function has(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** One measurement: a time in ms, or a time and memory. */
type Work = () => number | Measured | Promise<number | Measured>;

/**
 * Does all works by turns, so that other load slows all of them, and returns the median time of each with its largest
 * memory. With more than three rounds, there is one before them that only fills the caches.
 */
export async function byTurns<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, Work>>,
): Promise<Readonly<Record<Name, Measured>>> {
  const names = Object.keys(works) as Name[];
  const all = new Map(names.map((name): [Name, Measured[]] => [name, []]));
  for (let round = rounds > 3 ? -1 : 0; round < rounds; round++)
    for (const name of names) {
      const found = await works[name]();
      if (round >= 0) all.get(name)?.push(typeof found === "number" ? { ms: found } : found);
    }
  return Object.fromEntries([...all].map(([name, found]) => [name, middle(found)])) as Record<Name, Measured>;
}

function middle(values: readonly Measured[]): Measured {
  const ms = median(values.map((value) => value.ms));
  const bytes = values.flatMap((value) => value.bytes ?? []);
  return bytes.length === 0 ? { ms } : { ms, bytes: Math.max(...bytes) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** How much more than linear growth is taken for noise. */
export const linear = 1.2;

/** Returns what `times` the work takes if the cost grows linearly from that of nearly nothing. */
export function grown(nothing: Measured, once: Measured, times: number): Measured {
  const line = (from: number, to: number): number => from + times * (to - from);
  const ms = line(nothing.ms, once.ms);
  if (nothing.bytes === undefined || once.bytes === undefined) return { ms };
  return { ms, bytes: line(nothing.bytes, once.bytes) };
}

/**
 * Runs a program to its end and measures the memory of its processes, too; types the passphrase at its first `asked`
 * questions.
 */
export async function measure({ argv, cwd, env, before }: Command, asked = 0): Promise<Measured> {
  before?.();
  const [program = "", ...rest] = argv;
  const start = performance.now();
  const child = spawn(program, rest, { cwd, env: { ...process.env, ...env }, stdio: "pipe" });
  let [shown, answered] = ["", 0];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      shown = (shown + text).slice(-2000);
      while (answered < asked && (shown.match(/passphrase[^\n]*: /g)?.length ?? 0) > answered) {
        answered++;
        child.stdin.write(`${passphrase}\r`);
      }
    });
  const most = new Map<number, number>();
  const look = setInterval(() => lookAt(child.pid ?? 0, most), 25);
  const code = await new Promise((resolve) => child.once("close", resolve));
  clearInterval(look);
  const ms = performance.now() - start;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${String(code)}: ${shown}`);
  return { ms, bytes: [...most.values()].reduce((sum, bytes) => sum + bytes, 0) };
}

function lookAt(pid: number, most: Map<number, number>): void {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const [, name = ""] = /^Name:\s+(.*)$/m.exec(status) ?? [];
    const [, kilobytes = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    if (name !== "script" && name !== "sh")
      most.set(pid, Math.max(most.get(pid) ?? 0, Number(kilobytes) * 1024));
    for (const thread of readdirSync(`/proc/${pid}/task`))
      for (const child of readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" "))
        if (child.trim() !== "") lookAt(Number(child), most);
  } catch {
    // it has just ended
  }
}

/** A shell command on a terminal of its own, which age needs to ask for a passphrase. */
export function onTerminal(command: string, cwd: string): Command {
  const flags = ["--quiet", "--flush", "--return", "--echo", "never"];
  return { argv: ["script", ...flags, "--command", command, "/dev/null"], cwd };
}
