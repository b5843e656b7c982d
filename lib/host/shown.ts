import { relative } from "node:path";
import { currentFolder } from "./current-folder.js";

/** How a file is named in messages: from here when it is below, else absolute. */
export function displayPath(path: string): string {
  const here = currentFolder();
  const below = here === undefined ? "" : relative(here, path);
  return below === "" || below.startsWith("..") ? path : below;
}
