// Copies the declarations that `tazpod` and `tazpod/step` need, and no others, to dist/types for the package.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const built = join(root, "dist/lib");
const out = join(root, "dist/types");
const done = new Set();

rmSync(out, { recursive: true, force: true });
ship(join(built, "session/step.d.ts"));
ship(join(built, "cli/library.d.ts"));

function ship(file) {
  if (done.has(file)) return;
  done.add(file);
  const name = relative(built, file);
  // tsc does not copy the declarations that scripts/generate.mjs writes
  const text = readFileSync(existsSync(file) ? file : join(root, "lib", name), "utf8");
  mkdirSync(dirname(join(out, name)), { recursive: true });
  writeFileSync(join(out, name), text);
  for (const [, target] of text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)"(\.[^"]+)\.js"/g))
    ship(join(dirname(file), `${target}.d.ts`));
}
