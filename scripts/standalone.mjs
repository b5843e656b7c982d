/**
 * `npm run standalone [FOLDER]`: builds dist/standalone/tazpod, an executable of the running Node with tazpod inside,
 * for Linux machines of the same architecture without Node.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Script } from "node:vm";
import { build } from "esbuild-wasm";
import { inject } from "postject";
import { common, libraries, notices, plugins, programOptions, root } from "./bundle-parts.mjs";

/** A marker in Node's executable; the digit after it tells whether a program was injected. */
const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

const out = resolve(process.argv[2] ?? join(root, "dist/standalone"));
const executable = join(out, "tazpod");

if (process.platform !== "linux") stop("The standalone executable can only be made on Linux.");
if (!readFileSync(process.execPath).includes(fuse))
  stop(`${process.execPath} cannot hold a program. Run this with a Node.js of nodejs.org.`);

/** What differs inside an executable. */
const inside = {
  name: "inside",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /\/installation\.js$/ }, () => ({
      path: join(root, "dist/lib/host/standalone-installation.js"),
    }));
    // the program is running already
    onLoad({ filter: /\/dist\/lib\/cli\/load-program\.js$/ }, () => ({
      contents: `import * as program from "./program.js"; export const loadProgram = () => program;`,
      resolveDir: join(root, "dist/lib/cli"),
    }));
    // its own import() does not work in compiled code
    onLoad({ filter: /\/zx\/build\/cli\.cjs$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const importing = "yield import(";
      if (!text.includes(importing)) throw new Error(`${path} has changed: it has no "${importing}"`);
      return { contents: text.replace(importing, "yield importModule(") };
    });
    // require() returns Node's own modules synchronously
    onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === "dynamic-import" && isBuiltin(path) ? { path, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** The libraries that the program imports, by the names that it has for them. */
const table = {
  name: "table",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^libraries:$/ }, ({ path }) => ({ path, namespace: "libraries" }));
    onLoad({ filter: /.*/, namespace: "libraries" }, () => {
      const entries = [...libraries].map(
        ([name, path]) => `"./libs/${name}.mjs": () => import(${JSON.stringify(path)})`,
      );
      return { contents: `export const modules = { ${entries.join(", ")} };`, resolveDir: root };
    });
  },
};

/** The files that are put into the executable. */
const parts = mkdtempSync(join(tmpdir(), "tazpod-standalone-"));
try {
  await make();
} finally {
  rmSync(parts, { recursive: true });
}

async function make() {
  const files = {
    "package.json": join(root, "package.json"),
    "tazpod.tasks.yaml": join(root, "tazpod.tasks.yaml"),
    "tazpod/step.mjs": join(root, "dist/bin/step.mjs"),
  };
  const add = (name, content) => {
    files[name] = join(parts, name.replaceAll("/", "-"));
    writeFileSync(files[name], content);
  };
  const program = await bundle("dist/lib/cli/standalone-program.js", { isProgram: true });
  const libs = await bundle("libraries:");
  for (const [name, { text }] of Object.entries({ program, libs })) {
    add(`${name}.js`, text);
    const compiled = new Script(text, { filename: `tazpod:${name}` });
    add(`${name}.cache`, compiled.createCachedData());
  }
  for (const name of ["zx", "zx/core"]) add(`${name}.mjs`, await standIn(name));
  const start = await build({
    ...common,
    plugins: [inside, ...plugins()],
    entryPoints: ["dist/lib/cli/standalone.js"],
    format: "cjs",
    define: { programHash: JSON.stringify(createHash("sha256").update(program.text).digest("hex")) },
    write: false,
  });
  writeFileSync(join(parts, "start.js"), start.outputFiles[0].text);

  const blob = join(parts, "blob");
  const config = {
    main: join(parts, "start.js"),
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    assets: files,
  };
  writeFileSync(join(parts, "sea.json"), JSON.stringify(config));
  execFileSync(process.execPath, ["--experimental-sea-config", join(parts, "sea.json")], { stdio: "pipe" });

  mkdirSync(out, { recursive: true });
  rmSync(executable, { force: true });
  copyFileSync(process.execPath, executable);
  await inject(executable, "NODE_SEA_BLOB", readFileSync(blob), { sentinelFuse: fuse });
  writeFileSync(
    join(out, "THIRD-PARTY-NOTICES.txt"),
    notices({ inputs: { ...program.metafile.inputs, ...libs.metafile.inputs } }),
  );
  const { arch, platform, versions } = process;
  process.stdout.write(`${executable}: for ${platform} on ${arch}, with Node.js ${versions.node}\n`);
}

/** Bundles a module and its imports as one script; code behind import() runs when that line does. */
async function bundle(entry, how) {
  const { metafile, outputFiles } = await build({
    ...programOptions(entry, "importModule, __filename, programCode"),
    plugins: [inside, table, ...plugins(how)],
  });
  return { metafile, text: outputFiles[0].text };
}

/** Creates a module with the names of zx for scripts of projects, backed by the zx inside. */
async function standIn(name) {
  const names = Object.keys(await import(name)).filter((one) => one !== "default");
  return `const zx = await globalThis[Symbol.for("tazpod.zx")]();\nexport const { ${names.join(", ")} } = zx;\n`;
}

function stop(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
