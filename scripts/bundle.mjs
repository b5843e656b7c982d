// Makes dist/bin: the program, the step scripts and the module for authors of steps, with the libraries they use in a few
// files that are loaded when they are needed. Loading 150 small files instead would take longer than running them.
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { build } from "esbuild-wasm";
import { common, notices, root, stepNames } from "./bundle-parts.mjs";

const out = `${root}dist/bin`;

/** What the program in dist/bin/tasks loads, by the step's name. */
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

/** Libraries of the older module format ask for node's own modules by require(), which a module does not have. */
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
    { in: "dist/lib/project/load-project.js", out: "load-project" },
    { in: "alone:", out: "alone" },
  ],
  plugins: [...common.plugins, alone, builtins],
  outdir: out,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  // scripts of projects use zx, too: all use the one that npm installs
  external: ["zx", "zx/core"],
});

/** A program of a step: it starts what `alone` is. */
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

// The files that node is started with. They import nothing before they have looked at the version of Node, and have only
// syntax that every Node with import() reads.
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
// A shell prompt runs it each time: all that it needs is in one file, which Node reads at once.
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
// separate, or its few lines would become a chunk that everything else loads
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
