import { packagePath } from "../host/installation.js";
import type * as Project from "../project/load-project.js";
import { runAsMain } from "../session/step-program.js";
import type * as Library from "./library.js";

// What the package's entry points load; scripts/bundle.mjs makes a single script of it. Code behind import() runs when
// it is first needed.

/** Runs one command line and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  return (await import("./main.js")).main(argv);
}

/** Runs a built-in step as a program, if node or zx was started with it. */
export const startStep = (name: string): Promise<void> => runAsMain(packagePath(`dist/bin/tasks/${name}.js`));

/** Reads the settings of a project. */
export const loadProject: typeof Project.loadProject = async (root) =>
  (await import("../project/load-project.js")).loadProject(root);

/** Returns the library of tazpod. */
export const library = async (): Promise<typeof Library> => import("./library.js");
