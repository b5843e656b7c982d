const units = ["B", "KiB", "MiB", "GiB"] as const;

/** A number of bytes for people: `1.5 MiB`. */
export function bytesOf(count: number): string {
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log2(count) / 10));
  return power === 0 ? `${count} B` : `${(count / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** A number of files for people: `1 file`, `12 files`. */
export function count(files: number): string {
  return `${files} ${files === 1 ? "file" : "files"}`;
}
