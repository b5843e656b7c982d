// The common parts of the bundles for the package (bundle.mjs) and the standalone executable (standalone.mjs).
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild-wasm";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** The names of the built-in steps. */
export const stepNames = readdirSync(`${root}dist/tasks`)
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.replace(/\.js$/, ""));

/**
 * In the source, a built-in step is a file found by name, which runs by itself when node was started with it. In a
 * bundle, all steps are one module, and the programs in dist/bin/tasks only start them.
 */
const steps = {
  name: "steps",
  setup({ onLoad }) {
    onLoad({ filter: /\/lib\/run\/builtin-steps\.js$/ }, () => ({
      contents: `${stepNames.map((name, index) => `import * as step${index} from "./dist/tasks/${name}.js";`).join("\n")}
        const steps = { ${stepNames.map((name, index) => `"${name}": step${index}`).join(", ")} };
        export async function builtinStep(name) { return steps[name]; }`,
      resolveDir: root,
    }));
    onLoad({ filter: /\/lib\/session\/step-program\.js$/ }, () => ({
      contents: "export function runWhenMain() {}",
    }));
  },
};

/**
 * Modules that are loaded when they are first needed: they bring a library or a large table, or belong to commands that
 * are rarely called. All other imports by import() become static here, because esbuild makes a chunk of each set of
 * modules that the same entry points share, and Node takes longer to read many small chunks than one large.
 */
const lazy =
  /\/(?:[a-z0-9]+-sdk|ini-files|tar-parser|tasks-schema|trust-report|init-questions|doctor|status-short|load-project|main|run-step-program)\.js$/;

const joined = {
  name: "joined",
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/(?:lib|tasks)\/.*\.js$/ }, ({ path }) => ({ contents: joinImports(path) }));
  },
};

/**
 * Also takes Node's own modules by process.getBuiltinModule: an import reads every export of such a module, and with that
 * starts parts of Node that are not needed, such as Web Crypto.
 */
function joinImports(path) {
  const names = new Map();
  const code = readFileSync(path, "utf8").replace(/\bimport\("(\.[^"]+)"\)/g, (whole, target) => {
    if (lazy.test(target)) return whole;
    if (!names.has(target)) names.set(target, `joined${names.size}`);
    return `Promise.resolve(${names.get(target)})`;
  });
  const quick = code.replace(
    /^import \{([^}]+)\} from "(node:[a-z/]+)";$/gm,
    (_, list, module) => `const {${list.replaceAll(" as ", ": ")}} = process.getBuiltinModule("${module}");`,
  );
  const imports = [...names].map(([target, name]) => `import * as ${name} from "${target}";\n`);
  // after the line with #!, which has to be the first
  return quick.replace(/^(#!.*\n)?/, (first) => first + imports.join(""));
}

/** Minifies third-party and generated code: reading it takes a good part of the start-up time. */
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
 * The schemas of all S3 requests are a fifth of the SDK, and are built when it is loaded. esbuild keeps unused ones
 * because computed keys could have side effects. They have none, so each is marked as pure.
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

/** Options that both bundles share. */
export const common = {
  absWorkingDir: root,
  plugins: [steps, small, shapes, joined],
  bundle: true,
  platform: "node",
  target: "node20",
  // yaml's browser build consists of modules, so unused parts are left out
  alias: { yaml: `${root}node_modules/yaml/browser/index.js` },
  // names are kept for bug reports
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // the packages' module builds
  mainFields: ["module", "main"],
  metafile: true,
  logLevel: "warning",
};

/** Returns the license texts of the packages in a bundle. */
export function notices({ inputs }) {
  const folders = new Set(
    Object.keys(inputs).map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]),
  );
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
  return `Parts of tazpod come from:\n\n${parts.join("\n\n")}`;
}
