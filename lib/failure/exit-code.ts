import type { Failure } from "./failure.js";

/** Returns the process's exit code for a failure; see "Exit codes" in `tazpod --help`. */
export function exitCode(failure: Failure): number {
  switch (failure.kind) {
    case "usage":
    case "unknown-name":
    case "invalid-document":
    case "plan-conflict":
      return 2;
    case "unmet-fact":
    case "unknown-fact":
    case "precondition":
    case "declined":
    case "no-project":
    case "engine-unavailable":
    case "container-foreign":
    case "image-unusable":
    case "ghost-mode-off":
    case "setting-unusable":
    case "vault-absent":
    case "vault-exists":
    case "vault-closed":
    case "no-credentials":
    case "login-failed":
      return 3;
    case "answer-needed":
    case "untrusted":
    case "untrusted-file":
      return 4;
    case "conflict":
    case "remote-rollback":
      return 5;
    case "interrupted":
      return 130;
    case "exit-code":
      return failure.code;
    case "task-failed":
      return exitCode(failure.cause);
    case "cleanup-failed": {
      const lead = failure.first ?? failure.causes[0];
      return lead === undefined ? 1 : exitCode(lead);
    }
    default:
      return 1;
  }
}
