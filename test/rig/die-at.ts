import { bin, type Ended, type Host, run } from "./host.js";
import { repository } from "./root.js";

export interface Died extends Ended {
  /** What the process was about to do; undefined if it ran to its end. */
  readonly at: string | undefined;
  /** The number of points it passed, if it ran to its end. */
  readonly points: number | undefined;
}

/** Where it dies; see test/fake/die-at.ts. */
type Where = "files" | "docker" | "bytes" | "text";

/** Runs tazpod and kills it by SIGKILL at the N-th point: see test/fake/die-at.ts. */
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
 * Kills tazpod in the same folder at every point in turn, until it runs to its end, so that each run finds the
 * leftovers of the previous one. `after` checks each; `args` may differ.
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
