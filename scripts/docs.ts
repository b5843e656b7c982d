import { readFile, writeFile } from "node:fs/promises";
import { withCommandList } from "./readme.js";

const readme = new URL("../../README.md", import.meta.url);
await writeFile(readme, withCommandList(await readFile(readme, "utf8")));
