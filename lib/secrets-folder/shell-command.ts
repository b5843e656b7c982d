import type { SecretsFolder } from "./secrets-folder.js";

/** What `shellCommand` exits with when the vault it was to find open is not, or is only partly there. */
export const vaultClosedCode = 213;

const startScript = `[ -e "$1/.tazpod/closing" ] && exit ${vaultClosedCode}
if [ "$2" = open ]; then
  [ -e "$1/.tazpod/open" ] || exit ${vaultClosedCode}
  # what was saved is out of date from now on, until somebody has looked again: see guard.ts
  [ -e "$1/.tazpod/saved" ] && rm -f "$1/.tazpod/saved"
fi
# a container that was made before there was a folder for it
[ -S "$SSH_AUTH_SOCK" ] || unset SSH_AUTH_SOCK
d=$1 n=$3
shift 3
while [ "$n" -gt 0 ]; do
  # in RAM, and never in an argument
  v=$(cat -- "$d/$2") && export "$1=$v" || exit ${vaultClosedCode}
  shift 2; n=$((n - 1))
done
if [ "$#" -gt 0 ]; then exec "$@"; fi
if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi`;

interface ShellOptions {
  /** Whether the vault is to be open. */
  readonly open: boolean;
  /** A command in place of a shell. */
  readonly argv?: readonly string[] | undefined;
  /** Set to what is in a file of the vault each, without the newlines at its end. */
  readonly variables: readonly { readonly name: string; readonly path: string }[];
}

/** The argv of a shell (bash where there is one), or of a command, that starts only if the vault is as open as it should be. */
export function shellCommand(
  { folder }: SecretsFolder,
  { open, argv = [], variables }: ShellOptions,
): string[] {
  const files = variables.flatMap(({ name, path }) => [name, path]);
  const state = [open ? "open" : "closed", String(variables.length)];
  return ["sh", "-c", startScript, "tazpod", folder, ...state, ...files, ...argv];
}

// every process of a session inherits its id; the reader itself does not have it
const hangUp = `for e in /proc/[0-9]*/environ; do
  if tr '\\0' '\\n' < "$e" 2>/dev/null | grep -qx "TAZPOD_SESSION=$2"; then p=\${e%/environ}; kill "-$3" "\${p#/proc/}" 2>/dev/null; fi
done; :`;

/** Ends what a shell left running inside when its client was ended from outside: hung up, a second later killed. */
export async function endSession(secrets: SecretsFolder, id: string): Promise<void> {
  const { engine, container, user, folder } = secrets;
  for (const signal of ["HUP", "KILL"]) {
    await engine.exec(
      container,
      ["sh", "-c", signal === "KILL" ? `sleep 1; ${hangUp}` : hangUp, "tazpod", folder, id, signal],
      { user, timeoutMs: 20_000 },
    );
  }
}
