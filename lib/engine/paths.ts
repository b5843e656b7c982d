/** Where the project is inside. */
export const workspace = "/workspace";

/** Where the sockets that lead to the host's ssh-agent are inside. */
export const agentFolder = "/run/tazpod";

/** The RAM folder inside, by the user's home. */
export function secretsFolder(home: string): string {
  return `${home === "/" ? "" : home}/secrets`;
}

/** Whether one of two absolute paths is the other, or above it. */
export function overlap(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}
