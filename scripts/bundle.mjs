// Builds dist/bin. The program is a single script, program.js, so that V8's compiled code of it can be kept from one run
// to the next (lib/host/compiled-code.ts). Libraries that few commands need are ES modules of their own in libs/.
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild-wasm";
import { common, libraries, notices, plugins, programOptions, root, stepNames } from "./bundle-parts.mjs";

const out = `${root}dist/bin`;
const described = `${root}dist/bundle.json`;

// it takes most of a build's time, so a bundle that was made of the same files stays
const inputs = hashOfInputs();
if (inputs === inputsOfBundle()) process.exit();

rmSync(described, { force: true });
rmSync(out, { recursive: true, force: true });
const program = await build({
  ...programOptions("dist/lib/cli/program.js", "__dirname, importModule, programCode"),
  plugins: plugins({ isProgram: true }),
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
  ...common,
  outdir: out,
  format: "cjs",
  define: { "import.meta.dirname": "__dirname", programHash: JSON.stringify(hash) },
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
  // shows that they are CommonJS: publint takes the text "vault import" for an import of an ES module
  footer: { js: "module.exports = {};" },
  target: "es2018",
  supported: { "dynamic-import": false },
});
const prompt = await build({
  ...scripts,
  // a shell prompt runs this each time, so it is a single file
  entryPoints: [{ in: "dist/lib/cli/status-short.js", out: "status-short" }],
  plugins: [separate, ...plugins()],
  supported: { "dynamic-import": false },
});
await build({
  ...scripts,
  entryPoints: [{ in: "dist/lib/cli/load-program.js", out: "load-program" }],
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
  hashOfInputs: inputs,
  inputs: { ...program.metafile.inputs, ...modules.metafile.inputs },
  outputs: { ...program.metafile.outputs, ...modules.metafile.outputs, ...prompt.metafile.outputs },
};
writeFileSync(`${out}/THIRD-PARTY-NOTICES.txt`, notices(metafile));
for (const file of ["tazpod.js", ...stepNames.map((name) => `tasks/${name}.js`)])
  chmodSync(`${out}/${file}`, 0o755);
// last, since it says that the rest is complete
writeFileSync(described, JSON.stringify(metafile));

/** Returns the hash of all that the bundle is made of, in hex. The lock file stands for the libraries. */
function hashOfInputs() {
  const files = ["lib", "tasks"].flatMap((folder) =>
    readdirSync(`${root}dist/${folder}`, { recursive: true }).map((name) => `dist/${folder}/${name}`),
  );
  const scripts = readdirSync(`${root}scripts`).map((name) => `scripts/${name}`);
  const code = [...files, ...scripts].filter((name) => /\.m?js$/.test(name)).toSorted();
  const all = createHash("sha256");
  for (const name of [...code, "package.json", "package-lock.json"])
    all
      .update(`${name}\0`)
      .update(readFileSync(root + name))
      .update("\0");
  return all.digest("hex");
}

/** Returns the hash of what the bundle in dist was made of, if there is a whole one. */
function inputsOfBundle() {
  try {
    if (!existsSync(`${out}/tazpod.js`)) return undefined;
    return JSON.parse(readFileSync(described, "utf8")).hashOfInputs;
  } catch {
    return undefined;
  }
}
