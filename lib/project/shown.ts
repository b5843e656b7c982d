import { relative } from "node:path";

/** How a file is named in messages: from here when it is below, else absolute. */
export function shown(path: string): string {
  const below = relative(process.cwd(), path);
  return below === "" || below.startsWith("..") ? path : below;
}
