const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `30` (seconds), "500ms", "30s", "2m", "1h"; the schema lets nothing else through. */
export function durationMs(value: string | number): number {
  if (typeof value === "number") return Math.round(value * 1000);
  const match = /^([0-9.]+)(ms|s|m|h)$/.exec(value);
  const unit = unitMs[match?.[2] ?? ""];
  if (match === null || unit === undefined) throw new Error(`not a duration: ${value}`);
  return Math.round(Number(match[1]) * unit);
}
