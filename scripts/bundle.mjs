// Makes what is shipped: the program, the step scripts and the module for authors of steps, with their shared code in a
// few files. A run loads 150 small files otherwise, and finding them costs more than running them.
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild-wasm";

const root = fileURLToPath(new URL("../", import.meta.url));
const out = `${root}dist/bin`;
const tasks = readdirSync(`${root}dist/tasks`).filter((file) => file.endsWith(".js"));

const names = tasks.map((file) => file.replace(/\.js$/, ""));

/** The steps that a pull or a push comes to, and the one that tells whether there is a container. */
const ofRemotes = ["ensure-container", "login", "pull", "push"];

/**
 * In the source, a built-in step is a file found by its name, and runs by itself when it is what node was started with.
 * Here they are two modules, each loaded when the first of its own is asked for, and the programs in tasks/ only start
 * them: what only asks a remote needs nothing of what is done with a vault that is open.
 */
const steps = {
  name: "steps",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /\/lib\/run\/builtin-steps\.js$/ }, () => ({
      contents: `export async function builtinStep(name) {
        const { steps } = ${JSON.stringify(ofRemotes)}.includes(name) ? await import("steps:remotes") : await import("steps:others");
        return steps[name];
      }`,
    }));
    onLoad({ filter: /\/lib\/run\/alone\.js$/ }, () => ({ contents: "export function alone() {}" }));
    onResolve({ filter: /^(steps|alone):/ }, ({ path }) => ({ path, namespace: "steps" }));
    onLoad({ filter: /^steps:/, namespace: "steps" }, ({ path }) => {
      const own = names.filter((name) => ofRemotes.includes(name) === (path === "steps:remotes"));
      return {
        contents: `${own.map((name, index) => `import * as step${index} from "./dist/tasks/${name}.js";`).join("\n")}
          export const steps = { ${own.map((name, index) => `"${name}": step${index}`).join(", ")} };`,
        resolveDir: root,
      };
    });
    onLoad({ filter: /^alone:/, namespace: "steps" }, () => ({
      contents: `#!/usr/bin/env node
        import { fileURLToPath } from "node:url";
        import { argumentsAsMain } from "./dist/lib/host/main-script.js";
        import { runAlone } from "./dist/lib/run/run-alone.js";
        import "./dist/lib/cli/main.js";
        const file = fileURLToPath(import.meta.url);
        const argv = argumentsAsMain(file);
        if (argv) process.exitCode = await runAlone(file, argv);`,
      resolveDir: root,
    }));
  },
};

/** What others or programs wrote is made as small as it can be: reading it is a good part of the time a run takes to start. */
const small = {
  name: "small",
  setup({ onLoad }) {
    onLoad({ filter: /(-validator|node_modules\/yaml\/browser\/.*)\.js$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { minify: true, target: "node20" });
      return { contents: code };
    });
  },
};

/**
 * The shapes of all that S3 can be asked are a fifth of the SDK, and are made when it is loaded, those that nothing here
 * uses as well: keys that are computed could have an effect, for all that esbuild knows. They have none.
 */
const shapes = {
  name: "shapes",
  setup({ onLoad }) {
    onLoad({ filter: /client-s3\/dist-es\/schemas\/schemas_0\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8").replace(
        /^((?:export )?var \S+ = )(\[[^]*?\]);$/gm,
        "$1/* @__PURE__ */ (() => $2)();",
      );
      return { contents };
    });
  },
};

rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: "dist/lib/cli/bin.js", out: "tazpod" },
    ...names.map((name) => ({ in: `alone:${name}`, out: `tasks/${name}` })),
  ],
  plugins: [steps, small, shapes],
  outdir: out,
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node20",
  // what is large and only needed by some runs is loaded from where npm puts it; yaml is needed by every run, and the AWS
  // SDK is a hundred files there
  external: ["zx", "zx/core", "execa", "listr2", "tar-stream", "@zxcvbn-ts/*", "@scure/*"],
  // yaml's build for browsers is made of modules, so that what is not used of it stays out
  alias: { yaml: `${root}node_modules/yaml/browser/index.js` },
  // names stay, for the report of a bug
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // the packages' builds that are made of modules
  mainFields: ["module", "main"],
  metafile: true,
  logLevel: "warning",
});
// by itself, since what little it has would be cut out of everything else
await build({
  absWorkingDir: root,
  entryPoints: ["dist/lib/run/step.js"],
  outdir: out,
  format: "esm",
  logLevel: "warning",
});
writeFileSync(`${out}/THIRD-PARTY-NOTICES.txt`, notices(Object.keys(metafile.inputs)));
for (const file of ["tazpod.js", ...tasks.map((task) => `tasks/${task}`)]) chmodSync(`${out}/${file}`, 0o755);

/** What the licenses of others want said, for the packages that these files are of. */
function notices(inputs) {
  const folders = new Set(inputs.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]));
  folders.delete(undefined);
  const byText = new Map();
  for (const folder of [...folders].toSorted()) {
    const { name, version, license } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
    const file = readdirSync(root + folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text =
      file === undefined ? `License: ${license}` : readFileSync(`${root}${folder}/${file}`, "utf8").trim();
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...byText].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`);
  return `Parts of this folder come from:\n\n${parts.join("\n\n")}`;
}
