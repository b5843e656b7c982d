import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import type { Terminal } from "../host/terminal.js";

/** Says which paths of the home were left alone, since something other than a link into the RAM folder lies there. */
export function reportUnlinked(
  terminal: Terminal,
  { folder }: SecretsFolder,
  paths: readonly string[],
): void {
  for (const path of paths)
    terminal.print(
      `~/${path} in the container is not from the vault, and was left as it is; the vault's is ${folder}/${path}.`,
    );
}
