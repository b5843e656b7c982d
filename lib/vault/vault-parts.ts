/** A named set of a vault's folders and files, by their paths. */
export interface Part {
  readonly name: string;
  readonly paths: readonly string[];
}

/** The defined parts, and the names of the open ones. */
export interface OpenParts {
  readonly parts: readonly Part[];
  readonly open: readonly string[];
}

/** The part of all paths that no other part contains. */
export const rest = "rest";

/** Returns the part of a path: the one that names the path or the nearest folder above it. */
export function partOf(path: string, parts: readonly Part[]): string {
  let found = rest;
  let depth = 0;
  for (const { name, paths } of parts)
    for (const above of paths)
      if (above.length > depth && isIn(path, above)) [found, depth] = [name, above.length];
  return found;
}

/** Returns whether a path is in an open part. */
export function isOpen(path: string, { parts, open }: OpenParts): boolean {
  return open.includes(partOf(path, parts));
}

/** Returns whether an open part may have paths below a folder, so that the folder is needed too. */
export function isAboveOpen(folder: string, { parts, open }: OpenParts): boolean {
  return parts.some(
    ({ name, paths }) => open.includes(name) && paths.some((path) => path !== folder && isIn(path, folder)),
  );
}

/** Returns the names of the closed parts. */
export function closedParts({ parts, open }: OpenParts): readonly string[] {
  return [...parts.map(({ name }) => name), rest].filter((name) => !open.includes(name));
}

/** Returns whether a path is the folder, or below it. */
export function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
