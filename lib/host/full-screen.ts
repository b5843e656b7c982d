import { isatty } from "node:tty";
import { shortenToColumns } from "./columns.js";
import { withoutHidden } from "./hidden.js";
import { type Key, keysOf } from "./typed-keys.js";
import { printableWhole } from "./printable.js";
import { suspend } from "./secret-line.js";
import * as streams from "./standard-streams.js";

/** A row of the screen. */
export interface ScreenRow {
  readonly text: string;
  /** Light and dark are swapped. */
  readonly inverse?: boolean;
}

/** The terminal's alternate screen while a program of tazpod uses all of it. */
export interface FullScreen {
  readonly columns: number;
  readonly rows: number;
  /** Shows these rows from the top; a text that is too wide is shortened, what follows the last row is empty. */
  draw(rows: readonly ScreenRow[]): void;
  /** Rings the terminal's bell. */
  ring(): void;
}

/** What the terminal tells. */
export interface ScreenListener {
  /** Keys that arrived at the same time, such as those of a pasted text. */
  keys(keys: readonly Key[]): void;
  /** The size has changed, or the screen is visible again after a suspension: what was drawn is gone. */
  redraw(): void;
  /** The terminal is closed: no key will come. */
  closed(): void;
}

/** Returns whether stdin and stderr are a terminal that has an alternate screen. */
export function hasFullScreen(): boolean {
  return isatty(0) && isatty(2) && process.env["TERM"] !== "dumb";
}

const [enter, leave] = ["\u001b[?1049h\u001b[?25l\u001b[2J", "\u001b[?25h\u001b[?1049l"];

/**
 * Gives `work` the alternate screen of the terminal on stderr, and the keys of stdin in raw mode, where Ctrl-C is a key.
 * Restores both when `work` is done, also when this process exits during it. Ctrl-Z suspends.
 */
export async function withFullScreen<T>(
  listener: ScreenListener,
  work: (screen: FullScreen) => Promise<T>,
): Promise<T> {
  const [stdin, stderr] = [streams.stdin(), streams.stderr()];
  let shown: string[] = [];
  let isEntered = false;
  const open = (): void => {
    isEntered = true;
    shown = [];
    if (!stdin.destroyed) stdin.setRawMode(true);
    stderr.write(enter);
  };
  const close = (): void => {
    if (!isEntered) return;
    isEntered = false;
    stderr.write(leave);
    if (!stdin.destroyed) stdin.setRawMode(false);
  };
  const onData = (chunk: Buffer): void => {
    const keys = keysOf(chunk.toString());
    if (keys.includes("ctrl-z")) {
      close();
      return suspend(stdin, () => (open(), listener.redraw()));
    }
    if (keys.length > 0) listener.keys(keys);
  };
  const onResize = (): void => {
    shown = [];
    if (isEntered) stderr.write("\u001b[2J");
    listener.redraw();
  };
  const onClosed = (): void => listener.closed();
  process.on("exit", close);
  stderr.on("resize", onResize);
  stdin.on("data", onData).on("end", onClosed).on("error", onClosed).resume();
  open();
  try {
    return await work({
      get columns() {
        return stderr.columns || 80;
      },
      get rows() {
        return stderr.rows || 24;
      },
      draw(rows) {
        if (!isEntered) return;
        const next = rows.slice(0, stderr.rows || 24).map((row) => painted(row, stderr.columns || 80));
        const changes = next.flatMap((text, index) =>
          text === shown[index] ? [] : [`\u001b[${index + 1};1H\u001b[2K${text}\u001b[0m`],
        );
        const rest = next.length < shown.length ? `\u001b[${next.length + 1};1H\u001b[J` : "";
        shown = next;
        if (changes.length > 0 || rest !== "") stderr.write(changes.join("") + rest);
      },
      ring: () => void stderr.write("\u0007"),
    });
  } finally {
    stdin.off("data", onData).off("end", onClosed).off("error", onClosed).pause();
    stderr.off("resize", onResize);
    process.off("exit", close);
    close();
  }
}

function painted({ text, inverse = false }: ScreenRow, columns: number): string {
  const shown = shortenToColumns(printableWhole(withoutHidden(text)), columns);
  return inverse ? `\u001b[7m${shown}` : shown;
}
