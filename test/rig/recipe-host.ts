import { chmod, mkdir, writeFile } from "node:fs/promises";
import { Host } from "./host.js";

/** Returns a host whose project has this recipe, without its first line, and these files; those that begin with #! can be run. */
export async function recipeHost(
  recipe: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Host> {
  const host = await Host.make({ remote: "none" });
  await writeFile(host.path("tazpod.tasks.yaml"), `version: 1\n${recipe}`);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(host.path(name, ".."), { recursive: true });
    await writeFile(host.path(name), text);
    if (text.startsWith("#!")) await chmod(host.path(name), 0o755);
  }
  return host;
}
