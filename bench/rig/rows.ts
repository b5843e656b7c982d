/** What is measured at once: time, and memory where it was looked at. */
export interface Measured {
  /** Wall time in ms. */
  readonly ms: number;
  /** The sum of the peak memory of all processes, in bytes. */
  readonly bytes?: number;
}

/** The most that is promised; all that are given must hold. None: the row is a figure only. */
export interface Target {
  /** Of the other's time. */
  readonly ratio?: number;
  /** More than the other's time, in ms. */
  readonly moreMs?: number;
  /** In ms, whatever the other takes. */
  readonly ms?: number;
  /** Of memory. */
  readonly bytes?: number;
}

/** One comparison: what was measured, and what it was measured against in the same run. */
export interface Row {
  readonly what: string;
  readonly than: string;
  readonly ours: Measured;
  readonly base: Measured;
  readonly target: Target;
  /** The line of a plot that this row is a point of, and the point's place on the horizontal axis. */
  readonly plot?: { readonly name: PlotName; readonly at: number };
}

export type PlotName =
  | "unlock-size"
  | "unlock-number"
  | "save-size"
  | "save-number"
  | "push-size"
  | "pull-size"
  | "plan-number";

export function isKept({ ours, base, target }: Row): boolean {
  return (
    ours.ms <= base.ms * (target.ratio ?? Infinity) &&
    ours.ms - base.ms <= (target.moreMs ?? Infinity) &&
    ours.ms <= (target.ms ?? Infinity) &&
    (ours.bytes ?? 0) <= (target.bytes ?? Infinity)
  );
}

export function ratioOf({ ours, base }: Row): number {
  return ours.ms / base.ms;
}

/** The cells of a row, in the order of `rowTitles`. */
export function cellsOf(row: Row): string[] {
  const { what, than, ours, base } = row;
  const more = ours.ms - base.ms;
  return [
    what,
    duration(ours.ms),
    memory(ours.bytes),
    than,
    duration(base.ms),
    memory(base.bytes),
    `${ratioOf(row).toFixed(2)} x, ${more < 0 ? "-" : "+"}${duration(Math.abs(more))}`,
    targetText(row.target),
    verdict(row),
  ];
}

export const rowTitles = [
  ...["what", "median", "memory", "than", "median", "memory", "difference", "target", ""],
];

export function verdict(row: Row): string {
  if (Object.keys(row.target).length === 0) return "";
  return isKept(row) ? "kept" : "MISSED";
}

export function duration(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function memory(bytes: number | undefined): string {
  return bytes === undefined ? "" : `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

export function targetText({ ratio, moreMs, ms, bytes }: Target): string {
  const bounds = [
    ...(ratio === undefined ? [] : [`${ratio} x`]),
    ...(moreMs === undefined ? [] : [`+${moreMs} ms`]),
    ...(ms === undefined ? [] : [`${ms} ms`]),
    ...(bytes === undefined ? [] : [memory(bytes)]),
  ];
  return bounds.length === 0 ? "" : `<= ${bounds.join(", ")}`;
}

/** Returns a table with aligned columns, a line each. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}
