import { spawn } from "node:child_process";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { startFailure } from "./process.js";

export interface Background {
  /** The first line that it printed. */
  readonly line: string;
  /** Lets it go on by itself: it is told so by a line on its stdin, and outlives this process. */
  release(): Promise<void>;
  /** Its stdin ends without a line. */
  cancel(): void;
}

/**
 * Starts a program in a session of its own, in `/`, with exactly the environment `env`, and waits for its first line.
 * Until it is released, its stdin is a pipe that ends with this process. Failures: `command-missing`, `command-failed`
 * when it ends without a line, `timeout`.
 */
export function startBackground(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Result<Background>> {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, { cwd: "/", env, detached: true, stdio: "pipe" });
  return new Promise((resolve) => {
    let [out, complaints] = ["", ""];
    const settle = (result: Result<Background>): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(result);
    };
    const give = (failure: Failure): void => settle(fail(failure));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      give({ kind: "timeout", what: program, ms: timeoutMs });
    }, timeoutMs);
    child.stdin.on("error", () => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      const end = out.indexOf("\n");
      if (end === -1) return;
      settle(
        ok({
          line: out.slice(0, end),
          release: () => new Promise((written) => child.stdin.end("go\n", () => written())),
          cancel: () => child.stdin.destroy(),
        }),
      );
    });
    child.once("error", (error: NodeJS.ErrnoException) => give(startFailure(argv, error)));
    child.once("close", (code) =>
      give({
        kind: "command-failed",
        command: [program],
        code: code ?? undefined,
        detail: complaints.trimEnd(),
      }),
    );
  });
}
