import { spawnSync } from "node:child_process";
import { isatty } from "node:tty";

/**
 * Remembers the modes of the terminal on stdin; returns a function that sets them again. It does nothing without a
 * terminal.
 */
export function keepTerminalModes(): () => void {
  const kept = isatty(0) ? stty("-g") : "";
  restoreTerminalModes = () => {
    if (kept !== "") stty(kept);
  };
  return restoreTerminalModes;
}

/** Sets the modes that were remembered last. */
export let restoreTerminalModes: () => void = () => undefined;

/** Runs stty(1) on stdin and returns what it prints; nothing without an stty, or if the terminal is gone. */
function stty(argument: string): string {
  // a process in the background is stopped when it sets modes
  const limit = { timeout: 1_000, killSignal: "SIGKILL" } as const;
  const done = spawnSync("stty", [argument], { stdio: [0, "pipe", "ignore"], encoding: "utf8", ...limit });
  return done.status === 0 ? done.stdout.trim() : "";
}
