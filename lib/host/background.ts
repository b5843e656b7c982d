import { spawn } from "node:child_process";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { startFailure } from "./process.js";

/** A program that runs in the background. */
export interface Background {
  /** The first line that it printed. */
  readonly line: string;
  /** Lets the program continue and outlive this process, by writing a line to its stdin. */
  release(): Promise<void>;
  /** Closes its stdin without a line. */
  cancel(): void;
}

/**
 * Starts a program in a new session, in `/`, with exactly the environment `env`, and waits for its first line of
 * output. Until it is released, its stdin is a pipe that ends with this process. Failures: `command-missing`,
 * `command-failed` if it ends without a line, `timeout`.
 */
export function startBackground(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Result<Background>> {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, { cwd: "/", env, detached: true, stdio: "pipe" });
  return new Promise((resolve) => {
    let [stdout, stderr] = ["", ""];
    const settle = (result: Result<Background>): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(result);
    };
    const failWith = (failure: Failure): void => settle(fail(failure));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      failWith({ kind: "timeout", what: program, ms: timeoutMs });
    }, timeoutMs);
    child.stdin.on("error", () => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const end = stdout.indexOf("\n");
      if (end === -1) return;
      settle(
        ok({
          line: stdout.slice(0, end),
          release: () => new Promise((written) => child.stdin.end("go\n", () => written())),
          cancel: () => child.stdin.destroy(),
        }),
      );
    });
    child.once("error", (error: NodeJS.ErrnoException) => failWith(startFailure(argv, error)));
    child.once("close", (code) =>
      failWith({
        kind: "command-failed",
        command: [program],
        code: code ?? undefined,
        detail: stderr.trimEnd(),
      }),
    );
  });
}
