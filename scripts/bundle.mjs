// Builds dist/bin. The program is a single script, program.js, so that V8's compiled code of it can be kept from one run
// to the next (lib/host/compiled-code.ts). Libraries that few commands need are ES modules of their own in libs/.
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild-wasm";
import { common, notices, ownCode, plugins, root, stepNames } from "./bundle-parts.mjs";

const out = `${root}dist/bin`;

/** Modules of the project that only re-export parts of libraries. */
const wrappers = /\/((?:[a-z0-9]+-sdk|ini-files))\.js$/;

/** Libraries that most sessions need, so that they are in the program. */
const usual = /^(?:execa|listr2|zx\/core)$/;

/** What is imported from libs/, by the name of its file. */
const libraries = new Map();

/** Sends imports of libraries, and those of files of a project, to the function that the script is given. */
function importsByFunction(path) {
  return ownCode(path).replace(/\bimport\((?:"([^"]+)"\))?/g, (whole, target) => {
    if (target === undefined) return "importModule(";
    const wrapper = wrappers.exec(target)?.[1];
    if ((target.startsWith(".") && wrapper === undefined) || usual.test(target)) return whole;
    const name =
      wrapper ??
      target
        .replace(/\.js$/, "")
        .replaceAll(/[^a-z0-9]+/g, "-")
        .replace(/^-/, "");
    const found = wrapper === undefined ? target : new URL(target, `file://${path}`).pathname;
    libraries.set(name, found);
    return `importModule("./libs/${name}.mjs")`;
  });
}

rmSync(out, { recursive: true, force: true });
const program = await build({
  ...common,
  plugins: plugins(importsByFunction),
  entryPoints: ["dist/lib/cli/program.js"],
  format: "cjs",
  // lib/host/compiled-code.ts reads it as one byte per character, which is faster
  charset: "ascii",
  // only the step scripts use import.meta.url, to tell whether they run alone
  define: { "import.meta.url": "undefined", "import.meta.dirname": "__dirname" },
  banner: {
    js: "(function (__dirname, importModule) { const module = {}, require = process.getBuiltinModule;",
  },
  footer: { js: "return module.exports; })" },
  write: false,
  outdir: out,
});
const [{ text, contents }] = program.outputFiles;
mkdirSync(out, { recursive: true });
writeFileSync(`${out}/program.js`, text);
const hash = createHash("sha256").update(contents).digest("hex");

const modules = await build({
  ...common,
  plugins: plugins(),
  entryPoints: [...libraries].toSorted().map(([name, path]) => ({ in: path, out: name })),
  outdir: `${out}/libs`,
  outExtension: { ".js": ".mjs" },
  format: "esm",
  splitting: true,
  chunkNames: "part-[hash]",
  // for CommonJS libraries, which load Node's modules by require()
  banner: { js: "const require = process.getBuiltinModule;" },
});

/** What Node starts. It is CommonJS, since ES modules take longer to load. */
const scripts = {
  absWorkingDir: root,
  outdir: out,
  bundle: true,
  format: "cjs",
  platform: "node",
  define: { "import.meta.dirname": "__dirname", programHash: JSON.stringify(hash) },
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: "warning",
};

/** Files that others load when they need them. */
const separate = {
  name: "separate",
  setup({ onResolve }) {
    onResolve({ filter: /\/(?:load-program|status-short)\.js$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

// The entry points check Node's version before they load anything, and use only syntax that every Node can read.
await build({
  ...scripts,
  entryPoints: [
    { in: "dist/lib/cli/bin.js", out: "tazpod" },
    ...stepNames.map((name) => ({ in: `step:${name}`, out: `tasks/${name}` })),
  ],
  plugins: [
    separate,
    {
      name: "steps",
      setup({ onLoad, onResolve }) {
        onResolve({ filter: /^step:/ }, ({ path }) => ({ path, namespace: "step" }));
        onLoad({ filter: /.*/, namespace: "step" }, ({ path }) => ({
          contents: `#!/usr/bin/env node
            import { canStart, keepCompiledCode } from "./dist/lib/host/start.js";
            if (canStart()) {
              keepCompiledCode();
              void import("../load-program.js").then(({ loadProgram }) => loadProgram("step").startStep("${path.slice("step:".length)}"));
            }`,
          resolveDir: root,
        }));
      },
    },
  ],
  target: "es2018",
  supported: { "dynamic-import": false },
});
const prompt = await build({
  ...scripts,
  metafile: true,
  // a shell prompt runs this each time, so it is a single file
  entryPoints: [{ in: "dist/lib/cli/status-short.js", out: "status-short" }],
  plugins: [separate, ...plugins()],
  target: "node20",
  supported: { "dynamic-import": false },
});
await build({
  ...scripts,
  entryPoints: [{ in: "dist/lib/cli/load-program.js", out: "load-program" }],
  target: "node20",
});

writeFileSync(`${out}/package.json`, `{ "type": "commonjs" }\n`);
const names = Object.keys(await import("../dist/lib/cli/library.js"));
writeFileSync(
  `${out}/library.mjs`,
  `import program from "./load-program.js";
export const { ${names.join(", ")} } = await program.loadProgram(undefined).library();
`,
);
await build({
  absWorkingDir: root,
  entryPoints: [{ in: "dist/lib/session/step.js", out: "step" }],
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  logLevel: "warning",
});

// which library is in which file, for test/cli/loading.test.ts and test/package
const metafile = {
  inputs: { ...program.metafile.inputs, ...modules.metafile.inputs },
  outputs: { ...program.metafile.outputs, ...modules.metafile.outputs, ...prompt.metafile.outputs },
};
writeFileSync(`${root}dist/bundle.json`, JSON.stringify(metafile));
writeFileSync(`${out}/THIRD-PARTY-NOTICES.txt`, notices(metafile));
for (const file of ["tazpod.js", ...readdirSync(`${out}/tasks`).map((name) => `tasks/${name}`)])
  chmodSync(`${out}/${file}`, 0o755);
