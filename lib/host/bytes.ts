const units = ["B", "KiB", "MiB", "GiB"] as const;

/** A number of bytes for people: `1.5 MiB`. */
export function formatBytes(formatFileCount: number): string {
  const power = Math.min(
    units.length - 1,
    formatFileCount < 1 ? 0 : Math.floor(Math.log2(formatFileCount) / 10),
  );
  return power === 0
    ? `${formatFileCount} B`
    : `${(formatFileCount / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** A number of files for people: `1 file`, `12 files`. */
export function count(files: number): string {
  return `${files} ${files === 1 ? "file" : "files"}`;
}
