// Builds dist/bin: the program, the step scripts and the module for authors of steps, with their libraries, in a few
// files that are loaded on demand. Loading 150 small files would take longer than running them.
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { build } from "esbuild-wasm";
import { common, notices, root, stepNames } from "./bundle-parts.mjs";

const out = `${root}dist/bin`;

/** The modules that the programs in dist/bin/tasks load, by step. */
const alone = {
  name: "alone",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^alone:/ }, ({ path }) => ({ path, namespace: "alone" }));
    onLoad({ filter: /.*/, namespace: "alone" }, () => ({
      contents: `import { packagePath } from "./dist/lib/host/installation.js";
        import { argumentsAsMain } from "./dist/lib/host/main-script.js";
        import { runStepProgram } from "./dist/lib/session/run-step-program.js";
        import "./dist/lib/cli/main.js";
        export async function start(name) {
          const file = packagePath("dist/bin/tasks/" + name + ".js");
          const argv = argumentsAsMain(file);
          if (argv) process.exitCode = await runStepProgram(file, argv);
        }`,
      resolveDir: root,
    }));
  },
};

/** CommonJS libraries load Node's modules by require(), which ES modules lack. */
const builtins = {
  name: "builtins",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === "require-call" && isBuiltin(path) ? { path, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  ...common,
  entryPoints: [
    { in: "dist/lib/cli/main.js", out: "main" },
    { in: "dist/lib/cli/library.js", out: "library" },
    { in: "dist/lib/project/load-project.js", out: "load-project" },
    { in: "alone:", out: "alone" },
  ],
  plugins: [...common.plugins, alone, builtins],
  outdir: out,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
});

/** The program of a step: starts its module in `alone`. */
const programs = {
  name: "programs",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^program:/ }, ({ path }) => ({ path, namespace: "program" }));
    onLoad({ filter: /.*/, namespace: "program" }, ({ path }) => ({
      contents: `#!/usr/bin/env node
        import { canStart, keepCompiledCode } from "./dist/lib/host/start.js";
        if (canStart()) {
          keepCompiledCode();
          void import("../alone.js").then(({ start }) => start("${path.slice("program:".length)}"));
        }`,
      resolveDir: root,
    }));
  },
};

// The entry points. They check Node's version before they import anything, and use only syntax that every Node with
// import() can read.
await build({
  absWorkingDir: root,
  entryPoints: [
    { in: "dist/lib/cli/bin.js", out: "tazpod" },
    ...stepNames.map((name) => ({ in: `program:${name}`, out: `tasks/${name}` })),
  ],
  plugins: [programs],
  outdir: out,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2018",
  supported: { "dynamic-import": true },
  external: ["./main.js", "./status-short.js", "../alone.js"],
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: "warning",
});
// A shell prompt runs this each time, so it is a single file.
const prompt = await build({
  ...common,
  entryPoints: [{ in: "dist/lib/cli/status-short.js", out: "status-short" }],
  plugins: [
    ...common.plugins,
    {
      name: "rarely needed",
      setup({ onResolve }) {
        onResolve({ filter: /\/project\/load-project\.js$/ }, () => ({
          path: "./load-project.js",
          external: true,
        }));
      },
    },
  ],
  outdir: out,
  format: "esm",
});
// built separately, or its few lines would become a chunk that everything loads
await build({
  absWorkingDir: root,
  entryPoints: ["dist/lib/session/step.js"],
  outdir: out,
  bundle: true,
  format: "esm",
  platform: "node",
  logLevel: "warning",
});
// which library is in which file, for test/cli/loading.test.ts
const outputs = { ...metafile.outputs, ...prompt.metafile.outputs };
writeFileSync(`${root}dist/bundle.json`, JSON.stringify({ ...metafile, outputs }));
writeFileSync(`${out}/THIRD-PARTY-NOTICES.txt`, notices(metafile));
for (const file of ["tazpod.js", ...stepNames.map((name) => `tasks/${name}.js`)])
  chmodSync(`${out}/${file}`, 0o755);
