// Makes what is shipped: the program, the step scripts and the module for authors of steps, with their shared code in a
// few files. A run loads 150 small files otherwise, and finding them costs more than running them.
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild-wasm";

const root = fileURLToPath(new URL("../", import.meta.url));
const out = `${root}dist/bin`;
const tasks = readdirSync(`${root}dist/tasks`).filter((file) => file.endsWith(".js"));

rmSync(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: [
    { in: "dist/lib/cli/bin.js", out: "tazpod" },
    { in: "dist/lib/run/step.js", out: "step" },
    ...tasks.map((file) => ({ in: `dist/tasks/${file}`, out: `tasks/${file.replace(/\.js$/, "")}` })),
  ],
  outdir: out,
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node20",
  // what is large and only needed by some runs is loaded from where npm puts it; yaml is needed by every run
  external: ["zx", "zx/core", "execa", "listr2", "@aws-sdk/*", "@smithy/*", "tar-stream", "age-encryption"],
  // yaml's build for browsers is made of modules, so that what is not used of it stays out
  alias: { yaml: `${root}node_modules/yaml/browser/index.js` },
  // names stay, for the report of a bug
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
});
const { name, version, license } = JSON.parse(readFileSync(`${root}node_modules/yaml/package.json`, "utf8"));
const notice = `${name} ${version} (${license})\n\n${readFileSync(`${root}node_modules/yaml/LICENSE`, "utf8")}`;
writeFileSync(`${out}/THIRD-PARTY-NOTICES.txt`, `Parts of this folder come from:\n\n${notice}`);
for (const file of ["tazpod.js", ...tasks.map((task) => `tasks/${task}`)]) chmodSync(`${out}/${file}`, 0o755);
