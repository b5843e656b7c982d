import { spawn, spawnSync } from "node:child_process";

export interface Row {
  readonly what: string;
  readonly than: string;
  readonly ms: number;
  readonly baseMs: number;
  readonly target: Target;
}

/** The maximum: a ratio, or a number of ms more. */
export type Target = number | { readonly moreMs: number };

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Its stdin; empty if absent. */
  readonly input?: Buffer;
  /** Not included in the measured time. */
  readonly before?: () => void;
}

export function time({ argv, cwd, env, input, before }: Command): number {
  before?.();
  const [program = "", ...rest] = argv;
  const start = performance.now();
  const { status, stderr } = spawnSync(program, rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [input === undefined ? "ignore" : "pipe", "ignore", "pipe"],
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr.toString()}`);
  return performance.now() - start;
}

/** Trusts a project, as a user does once. `bin` is the program. */
export function trust(bin: string, cwd: string): void {
  time({ argv: [process.execPath, bin, "trust", "--yes"], cwd });
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Runs both commands by turns, so that other load slows both. */
export function compare(
  what: string,
  command: Command,
  than: string,
  base: Command,
  target: Target,
  rounds: number,
): Row {
  const [times, bases]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const [baseMs, ms] = [time(base), time(command)];
    // the first round fills the disk cache
    if (round === 0) continue;
    bases.push(baseMs);
    times.push(ms);
  }
  return { what, than, ms: median(times), baseMs: median(bases), target };
}

export function isKept({ ms, baseMs, target }: Row): boolean {
  return typeof target === "number" ? ms / baseMs <= target : ms - baseMs <= target.moreMs;
}

/** Holds a vault open by a session that `enter` opens, as for the second terminal, while `work` runs. */
export async function whileOpen<T>({ argv, cwd }: Command, work: () => T): Promise<T> {
  const [program = "", ...rest] = [...argv, "--", "sh", "-c", "echo open; cat"];
  const holder = spawn(program, rest, { cwd, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => holder.once("close", resolve));
  try {
    await new Promise((resolve, reject) => {
      holder.stdout.once("data", resolve);
      holder.once("close", () => reject(new Error("the session that holds the vault open ended")));
    });
    return work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
