// The common parts of the bundles for the package (bundle.mjs) and the standalone executable (standalone.mjs).
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild-wasm";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** The names of the built-in steps. */
export const stepNames = readdirSync(`${root}dist/tasks`)
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.replace(/\.js$/, ""));

/** The steps of a pull or a push, and the check for a container. */
const ofRemotes = ["ensure-container", "login", "pull", "push"];

/**
 * In the source, a built-in step is a file found by name, which runs by itself when node was started with it. In a
 * bundle, the steps are two modules, each loaded with the first of its steps, so that a pull or push does not load the
 * code for an open vault. The programs in dist/bin/tasks only start them.
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
    onLoad({ filter: /\/lib\/session\/step-program\.js$/ }, () => ({
      contents: "export function runWhenMain() {}",
    }));
    onResolve({ filter: /^steps:/ }, ({ path }) => ({ path, namespace: "steps" }));
    onLoad({ filter: /^steps:/, namespace: "steps" }, ({ path }) => {
      const own = stepNames.filter((name) => ofRemotes.includes(name) === (path === "steps:remotes"));
      return {
        contents: `${own.map((name, index) => `import * as step${index} from "./dist/tasks/${name}.js";`).join("\n")}
          export const steps = { ${own.map((name, index) => `"${name}": step${index}`).join(", ")} };`,
        resolveDir: root,
      };
    });
  },
};

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
  plugins: [steps, small, shapes],
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
