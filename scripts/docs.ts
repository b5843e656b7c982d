import { mkdir, readFile, writeFile } from "node:fs/promises";
import { manPage } from "./man-page.js";
import { withCommandList } from "./readme.js";
import { withRecipeGraph } from "./recipe-graph.js";
import { withReference } from "./recipe-reference.js";
import { withRooms } from "./room-graph.js";
import { withStepContext } from "./step-context.js";

for (const [name, write] of [
  ["README.md", withCommandList],
  ["README.md", withRecipeGraph],
  ["docs/architecture.md", withRooms],
  ["docs/recipes.md", withReference],
  ["docs/steps.md", withStepContext],
] as const) {
  const file = new URL(`../../${name}`, import.meta.url);
  await writeFile(file, await write(await readFile(file, "utf8")));
}

const page = new URL("../../man/tazpod.1", import.meta.url);
const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};
await mkdir(new URL(".", page), { recursive: true });
await writeFile(page, manPage(version));
