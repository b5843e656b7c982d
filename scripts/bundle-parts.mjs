// The common parts of the bundles for the package (bundle.mjs) and the standalone executable (standalone.mjs).
import { readFileSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild-wasm";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** The names of the built-in steps. */
export const stepNames = readdirSync(`${root}dist/tasks`)
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.replace(/\.js$/, ""));

/**
 * In the source, a built-in step is a file found by name, which runs by itself when node was started with it. In a
 * bundle, the steps are found in a table, and the programs in dist/bin/tasks start them.
 */
const steps = {
  name: "steps",
  setup({ onLoad }) {
    onLoad({ filter: /\/lib\/run\/builtin-steps\.js$/ }, () => ({
      contents: `const steps = { ${stepNames.map((name) => `"${name}": () => import("./dist/tasks/${name}.js")`).join(", ")} };
        export const builtinStep = (name) => steps[name]();`,
      resolveDir: root,
    }));
  },
};

/**
 * Returns the code of one of the project's own modules. Node's own modules are taken by process.getBuiltinModule: an
 * import reads every export of such a module, and with that starts parts of Node that are not needed, such as Web
 * Crypto. Two modules that take long are taken when one of their functions is first called.
 */
export function ownCode(path) {
  return readFileSync(path, "utf8")
    .replace(/\bimport\("(node:[a-z_/]+)"\)/g, 'Promise.resolve(process.getBuiltinModule("$1"))')
    .replace(/^import \{([^}]+)\} from "(node:[a-z_/]+)";$/gm, (_, list, module) =>
      /:(?:crypto|child_process)$/.test(module)
        ? list
            .match(/\w+(?: as \w+)?/g)
            .map((name) => lateFunction(name, module))
            .join(" ")
        : `const {${list.replaceAll(" as ", ": ")}} = process.getBuiltinModule("${module}");`,
    );
}

function lateFunction(name, module) {
  const [from, to = from] = name.split(" as ");
  if (!/^[a-z]\w*$/.test(from)) throw new Error(`${from} of ${module} is no function`);
  return `const ${to} = (...args) => process.getBuiltinModule("${module}").${from}(...args);`;
}

/** Loads the project's own modules with this code. */
const own = (code) => ({
  name: "own",
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/(?:lib|tasks)\/.*\.js$/ }, ({ path }) => ({ contents: code(path) }));
  },
});

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

/** Modules of the project that only re-export parts of libraries. */
const wrappers = /\/((?:[a-z0-9]+-sdk|ini-files))\.js$/;

/** Libraries that most sessions need, so that they are in the program. */
const usual = /^(?:execa|listr2|zx\/core)$/;

/** What the program imports by the function, by the name that it has there. */
export const libraries = new Map();

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
    const found = wrapper === undefined ? target : resolve(dirname(path), target);
    libraries.set(name, found);
    return `importModule("./libs/${name}.mjs")`;
  });
}

/** Returns the plugins that all bundles share. The program gets its libraries by a function. */
export const plugins = ({ isProgram = false } = {}) => [
  steps,
  small,
  shapes,
  own(isProgram ? importsByFunction : ownCode),
];

/** Returns the options for a script that is a function with these parameters, which returns the exports of `entry`. */
export const programOptions = (entry, parameters) => ({
  ...common,
  entryPoints: [entry],
  format: "cjs",
  // lib/cli/load-program.ts and standalone.ts read it as one byte per character, which is faster
  charset: "ascii",
  // only the step scripts use import.meta.url, to tell whether they run alone
  define: { "import.meta.url": "undefined", "import.meta.dirname": "__dirname" },
  banner: {
    js: `(function (${parameters}) { const module = {}, require = process.getBuiltinModule;`,
  },
  footer: { js: "return module.exports; })" },
  write: false,
  outdir: `${root}dist/bin`,
});

/** Options that all bundles share. */
export const common = {
  absWorkingDir: root,
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
