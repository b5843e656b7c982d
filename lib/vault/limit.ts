const reserve = 1024 * 1024;

/** How many bytes an archive may take in a RAM folder of this size: names, folders and our own files need some too. */
export function archiveLimit(ramFolderBytes: number): number {
  return ramFolderBytes - Math.min(reserve, Math.floor(ramFolderBytes / 8));
}
