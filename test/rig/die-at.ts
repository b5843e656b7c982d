import { bin, type Ended, type Host, run } from "./host.js";
import { repository } from "./root.js";

export interface Died extends Ended {
  /** What it was about to do; undefined when it came to its end. */
  readonly at: string | undefined;
  /** How many points it passed, when it came to its end. */
  readonly points: number | undefined;
}

/** What it dies in; see test/fake/die-at.ts. */
type Where = "files" | "docker" | "bytes" | "text";

/** Runs tazpod and has it die by SIGKILL at the N-th point: see test/fake/die-at.ts. */
export async function dieAt(
  point: number,
  { folder, env }: Host,
  args: readonly string[],
  where: Where = "files",
): Promise<Died> {
  const preload = `${repository}dist/test/fake/die-at.js`;
  const ended = await run(process.execPath, ["--import", preload, bin, ...args], {
    cwd: folder,
    env: { ...env, DIE_AT: String(point), DIE_IN: where },
  });
  const points = /^points: (\d+)$/m.exec(ended.stderr)?.[1];
  return {
    ...ended,
    at: /^died: (.+)$/m.exec(ended.stderr)?.[1],
    points: points === undefined ? undefined : Number(points),
  };
}

/**
 * The same folder, killed at every point, one after the other, until it comes to its end: so each run finds what the one
 * before left. `after` looks at each; `args` may differ from run to run.
 */
export async function dieEverywhere(
  host: Host,
  args: () => readonly string[],
  after: (died: Died) => Promise<void>,
  where: Where = "files",
): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let point = 1; ; point++) {
    const died = await dieAt(point, host, args(), where);
    await after(died);
    if (died.at === undefined) {
      if (died.code !== 0) throw new Error(`point ${point}: ${died.stderr}`);
      return seen;
    }
    seen.push(died.at);
  }
}
