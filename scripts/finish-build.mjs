// What tsc leaves undone: copies the generated validators to dist/, and makes the programs executable.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";

const root = new URL("../", import.meta.url);

const generated = new URL("lib/generated/", root);
const copies = new URL("dist/lib/generated/", root);
mkdirSync(copies, { recursive: true });
for (const file of readdirSync(generated)) {
  if (file.endsWith(".js")) copyFileSync(new URL(file, generated), new URL(file, copies));
}

const tasks = new URL("dist/tasks/", root);
const programs = [new URL("dist/lib/cli/bin.js", root)];
if (existsSync(tasks)) programs.push(...readdirSync(tasks).filter((file) => file.endsWith(".js")).map((file) => new URL(file, tasks)));
for (const program of programs) if (existsSync(program)) chmodSync(program, 0o755);
