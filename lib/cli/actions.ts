import type { Arguments } from "../run/arguments.js";
import type { CommandName } from "./commands.js";

/** Runs a command with the words after its name, and returns its exit code. */
export type Action = (args: Arguments, words: readonly string[]) => Promise<number>;

/**
 * The action of each command, loaded when it is called. It is separate from the table because `--help` loads only that.
 */
export const actions: Readonly<Record<CommandName, () => Promise<Action>>> = {
  run: async () => (await import("./run.js")).runCommand,
  plan: async () => (await import("./plan.js")).planCommand,
  list: async () => (await import("./list.js")).listCommand,
  status: async () => (await import("./status.js")).statusCommand,
  doctor: async () => (await import("./doctor/doctor.js")).doctorCommand,
  history: async () => (await import("./history.js")).historyCommand,
  audit: async () => (await import("./audit.js")).auditCommand,
  "vault ls": async () => (await import("./vault/run-vault-command.js")).vaultCommand("ls"),
  "vault cat": async () => (await import("./vault/run-vault-command.js")).vaultCommand("cat"),
  "vault set": async () => (await import("./vault/run-vault-command.js")).vaultCommand("set"),
  "vault edit": async () => (await import("./vault/run-vault-command.js")).vaultCommand("edit"),
  "vault rm": async () => (await import("./vault/run-vault-command.js")).vaultCommand("rm"),
  "vault verify": async () => (await import("./vault/run-vault-command.js")).vaultCommand("verify"),
  "vault diff": async () => (await import("./vault/run-vault-command.js")).vaultCommand("diff"),
  "vault export": async () => (await import("./vault/run-vault-command.js")).vaultCommand("export"),
  "vault import": async () => (await import("./vault/run-vault-command.js")).vaultCommand("import"),
  requests: async () => (await import("./requests/show-requests.js")).requestsCommand,
  approve: async () => (await import("./requests/answer-request.js")).approveCommand,
  deny: async () => (await import("./requests/answer-request.js")).denyCommand,
  "setup-cluster": async () => (await import("./setup-cluster.js")).setupClusterCommand,
  trust: async () => (await import("./trust.js")).trustCommand,
  completion: async () => (await import("./completion.js")).completionCommand,
  help: async () => (await import("./describe.js")).helpCommand,
};
