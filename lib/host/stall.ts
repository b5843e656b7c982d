import type { ChildProcess } from "node:child_process";

/**
 * Calls `onStall` once a program has for `ms` milliseconds neither printed on stdout nor taken input, while this process
 * waits for that. Returns how to stop watching.
 */
export function watchStall(
  { stdin, stdout }: Pick<ChildProcess, "stdin" | "stdout">,
  ms: number,
  onStall: () => void,
): () => void {
  const timer = setTimeout(() => {
    // this process has not read what is there, or has nothing to give yet
    if (stdout?.readableLength || (stdin?.writableLength === 0 && !stdin.writableEnded)) timer.refresh();
    else onStall();
  }, ms);
  const refresh = (): void => void timer.refresh();
  stdout?.on("data", refresh);
  stdin?.on("drain", refresh).on("finish", refresh);
  return () => {
    for (const stream of [stdout, stdin])
      for (const event of ["data", "drain", "finish"]) stream?.off(event, refresh);
    clearTimeout(timer);
  };
}
