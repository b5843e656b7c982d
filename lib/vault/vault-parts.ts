/** A named set of folders and files of a vault, by their paths in it. */
export interface Part {
  readonly name: string;
  readonly paths: readonly string[];
}

/** Which parts are open. */
export interface OpenParts {
  readonly parts: readonly Part[];
  readonly open: readonly string[];
}

/** The name of all that is in no other part. */
export const rest = "rest";

/** The part that a path belongs to: of those that name it or a folder above it, the one that names the nearest. */
export function partOf(path: string, parts: readonly Part[]): string {
  let found = rest;
  let depth = 0;
  for (const { name, paths } of parts)
    for (const above of paths)
      if (above.length > depth && isIn(path, above)) [found, depth] = [name, above.length];
  return found;
}

/** Whether a path is open. */
export function isOpen(path: string, { parts, open }: OpenParts): boolean {
  return open.includes(partOf(path, parts));
}

/** Whether something that is open may lie below a folder, so that the folder has to be there, too. */
export function isAboveOpen(folder: string, { parts, open }: OpenParts): boolean {
  return parts.some(
    ({ name, paths }) => open.includes(name) && paths.some((path) => path !== folder && isIn(path, folder)),
  );
}

/** The names of the parts that are closed. */
export function closedParts({ parts, open }: OpenParts): readonly string[] {
  return [...parts.map(({ name }) => name), rest].filter((name) => !open.includes(name));
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
