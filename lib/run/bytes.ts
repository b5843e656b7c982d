const units = ["B", "KiB", "MiB", "GiB"] as const;

/** A number of bytes for people: `1.5 MiB`. */
export function bytesOf(count: number): string {
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log2(count) / 10));
  return power === 0 ? `${count} B` : `${(count / 1024 ** power).toFixed(1)} ${units[power]}`;
}
