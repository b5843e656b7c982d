/** A folder as it is to be once what is in it is there. */
export interface FolderAttributes {
  readonly path: string;
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** A path for a script's standard input: every byte that a shell could take for something else as an escape of printf's %b. */
export function escapePath(path: string): string {
  return [...Buffer.from(path)]
    .map((byte) =>
      /[A-Za-z0-9._/-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `\\0${byte.toString(8).padStart(3, "0")}`,
    )
    .join("");
}

export function folderLine({ path, mode, mtime }: FolderAttributes): string {
  return `${mode.toString(8)} ${mtime} ${escapePath(path)}`;
}
