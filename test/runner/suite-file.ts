import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** One test file: its path, and the comments at its head that instruct the runner. */
export interface SuiteFile {
  /** Relative to the repository, as it is shown: test/vault/v1.test.ts */
  readonly name: string;
  /** The compiled file, absolute. */
  readonly script: string;
  /** `// needs: docker, s3, tmux`: what must be there. */
  readonly needs: readonly string[];
  /** `// on each of: s3, swift`: the server of this run of the file, which is one of its needs. */
  readonly server?: string;
  /** `// time limit: 600 s`, in ms. */
  readonly limitMs: number;
  /** `// runs alone on: kubernetes`: not while another file runs that needs this. */
  readonly aloneOn?: string | undefined;
  /** Mistakes that uvu lets through, found in the source. */
  readonly mistakes: readonly string[];
}

const defaultLimitMs = 300_000;

/** Reads a test file: one suite file, or one for each server that it names. */
export async function readSuiteFile(root: string, source: string): Promise<readonly SuiteFile[]> {
  const text = await readFile(source, "utf8");
  const name = relative(root, source);
  const head = text.slice(0, text.search(/^(?!\/\/|\s*$)/m));
  const limit = /^\/\/ time limit: (\d+) s$/m.exec(head)?.[1];
  const words = (comment: RegExp): string[] =>
    (comment.exec(head)?.[1] ?? "")
      .split(",")
      .map((word) => word.trim())
      .filter(Boolean);
  const file = {
    name,
    script: join(root, "dist", name.replace(/\.ts$/, ".js")),
    needs: words(/^\/\/ needs: (.+)$/m),
    limitMs: limit === undefined ? defaultLimitMs : Number(limit) * 1000,
    aloneOn: /^\/\/ runs alone on: (.+)$/m.exec(head)?.[1],
    mistakes: mistakesIn(text),
  };
  const servers = words(/^\/\/ on each of: (.+)$/m);
  if (servers.length === 0) return [file];
  return servers.map((server) => ({
    ...file,
    name: `${name} (${server})`,
    needs: [...file.needs, server],
    server,
  }));
}

/** Whether two files may run at the same time. */
export function canRunBeside(one: SuiteFile, other: SuiteFile): boolean {
  const uses = ({ needs }: SuiteFile, need: string | undefined): boolean =>
    need !== undefined &&
    (needs.includes(need) || (needs.includes("engine") && process.env["TAZPOD_TEST_ENGINE"] === need));
  return !uses(one, other.aloneOn) && !uses(other, one.aloneOn);
}

function mistakesIn(text: string): string[] {
  const found: string[] = [];
  const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
  if (/\.only\(/.test(text)) found.push("`.only` leaves tests out");
  if (/\b\w+\.skip\(/.test(text)) found.push("`.skip` without a reason: use skip() of test/rig/skip.ts");
  const suites =
    count(/=\s*suite(?:<[^\n]*>)?\(/g) + (/import\s*\{[^}]*\btest\b[^}]*\}\s*from "uvu"/.test(text) ? 1 : 0);
  if (suites === 0) found.push("no uvu suite in it");
  if (count(/\.run\(\);/g) < suites) found.push("a suite is never started: `.run()` is missing");
  return found;
}
