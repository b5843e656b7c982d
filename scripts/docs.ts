import { readFile, writeFile } from "node:fs/promises";
import { withCommandList } from "./readme.js";
import { withRecipeGraph } from "./recipe-graph.js";
import { withRooms } from "./room-graph.js";

for (const [name, write] of [
  ["README.md", withCommandList],
  ["README.md", withRecipeGraph],
  ["docs/architecture.md", withRooms],
] as const) {
  const file = new URL(`../../${name}`, import.meta.url);
  await writeFile(file, await write(await readFile(file, "utf8")));
}
