import { fileURLToPath } from "node:url";

/** The folder of the repository, from dist/test/rig. */
export const repository = fileURLToPath(new URL("../../../", import.meta.url));

/** A file of test/fixture. */
export function fixture(...parts: string[]): string {
  return [`${repository}test/fixture`, ...parts].join("/");
}
