import { steadyTime } from "./clock.js";
import { allEnded, killAll } from "./process-group.js";
import { printNote } from "./screen.js";
import { restoreTerminalModes } from "./terminal-modes.js";

/** timeout(1) and some runners send their signal to a program and then to its group: both are one request. */
const sameRequestMs = 200;

const interruptedCode = 130;

/** How long what still runs may keep this process alive once its work is done, in ms. */
const leftMs = 1_000;

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

/**
 * Returns an exit code, and exits with it soon after the programs that are being ended if something else keeps this
 * process alive, which may never end: a step that was given up, or a program of the AWS settings.
 */
export function exitSoon(code: number): number {
  void allEnded().then(() => setTimeout(() => process.exit(code), leftMs).unref());
  return code;
}
