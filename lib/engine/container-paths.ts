/** The project's folder in the container. */
export const workspace = "/workspace";

/** The folder in the container with sockets to the host's ssh-agent. */
export const agentFolder = "/run/tazpod";

/** Returns the RAM folder in the container, for a user's home. */
export function secretsFolder(home: string): string {
  return `${home === "/" ? "" : home}/secrets`;
}

/** Tells whether one of two absolute paths contains the other, or equals it. */
export function pathsOverlap(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

/** The variable that names the project's folder to the programs in its container. */
export const insideVariable = "TAZPOD_INSIDE";
