import { steadyTime } from "./clock.js";
import { allEnded, killAll } from "./process-group.js";
import { printNote } from "./screen.js";
import { restoreTerminalModes } from "./terminal-modes.js";

/** timeout(1) and some runners send their signal to a program and then to its group: both are one request. */
const sameRequestMs = 200;

const interruptedCode = 130;

let first: number | undefined;
let isEnding = false;

/**
 * Ends this process at the second SIGTERM: kills its programs without a grace time, restores the terminal's modes, and
 * exits with 130. Cleanup, such as locking the vault, does not run.
 */
export function endAtSecondTerm(): void {
  process.on("SIGTERM", () => {
    first ??= steadyTime();
    if (isEnding || steadyTime() - first < sameRequestMs) return;
    isEnding = true;
    void killAll().finally(() => {
      restoreTerminalModes();
      printNote("Ended by a second SIGTERM, without cleaning up. `tazpod status` shows what is still open.");
      process.exit(interruptedCode);
    });
  });
}

/**
 * Returns an exit code. If it is that of an interruption, exits with it as soon as no program is being ended any more,
 * since what ignored the interruption may never end.
 */
export async function exitIfInterrupted(code: number): Promise<number> {
  if (code !== interruptedCode) return code;
  await allEnded();
  process.exit(code);
}
