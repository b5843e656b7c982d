import { fail, type Result } from "../../failure/result.js";
import { pathExists } from "../../host/project-file.js";
import type { Action } from "../actions.js";
import { inVaultProject } from "../in-project.js";
import type { VaultCommand } from "./vault-command.js";

type Run = (given: VaultCommand) => Promise<Result<void>>;

const actions = {
  ls: async () => (await import("./ls.js")).ls,
  verify: async () => (await import("./verify.js")).verify,
  cat: async () => (await import("./cat.js")).cat,
  set: async () => (await import("./set.js")).set,
  edit: async () => (await import("./edit.js")).edit,
  rm: async () => (await import("./rm.js")).rm,
  diff: async () => (await import("./diff.js")).diff,
  export: async () => (await import("./export.js")).exportTar,
  import: async () => (await import("./import.js")).importVault,
} as const satisfies Readonly<Record<string, () => Promise<Run>>>;

/** `tazpod vault NAME`: reads or changes the sealed vault, without a container. */
export function vaultCommand(name: keyof typeof actions): Action {
  return async (args, words) => {
    const run: Run = await actions[name]();
    return inVaultProject(args, async (context) => {
      const { vaultFile } = context.project;
      // else a passphrase would be asked for nothing
      if (name !== "import" && !(await pathExists(vaultFile)))
        return fail({ kind: "vault-absent", path: vaultFile });
      return run({ json: args.json, words, context });
    });
  };
}
