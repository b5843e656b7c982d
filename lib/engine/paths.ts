/** Where the project is inside. */
export const workspace = "/workspace";

/** The RAM folder inside, by the user's home. */
export function secretsFolder(home: string): string {
  return `${home === "/" ? "" : home}/secrets`;
}
