import type { Terminal } from "../../host/terminal.js";
import type { RunOptions } from "../../run/options.js";
import { type Check, good, warning } from "./types.js";

/** Whether somebody can be asked here. */
export function terminalCheck(terminal: Terminal, options: RunOptions): Check {
  return {
    name: "terminal",
    limitMs: 1_000,
    async look() {
      if (terminal.interactive) return good(`${process.env["TERM"] ?? "one without a name (TERM)"}`);
      const reason = "none: nobody can be asked here";
      return options.yes === "all"
        ? good(`${reason}; --yes answers`)
        : warning(
            reason,
            "Use --yes, and --passphrase-file or another of its kind, with `tazpod enter -- CMD`.",
          );
    },
  };
}
