import { randomUUID } from "node:crypto";
import { fail, ok, type Result } from "../failure/result.js";
import { quoteForShell } from "../host/process.js";
import { execScript } from "./exec.js";
import type { SecretsFolder } from "./secrets-folder.js";

/** Where programs of tazpod for the container are, in the user's home: the place for a user's own (file-hierarchy(7)). */
export const askFolder = ".local/bin";
/** The variable of a shell that has `askFolder`, to add it to its PATH. */
export const askVariable = "TAZPOD_ASK";

/** The exit code of `shellCommand` when the vault should be open but is closed or only partly there. */
export const vaultClosedCode = 213;

const startScript = `[ -e "$1/.tazpod/closing" ] && exit ${vaultClosedCode}
if [ "$2" = open ]; then
  [ -e "$1/.tazpod/open" ] || exit ${vaultClosedCode}
  # the last save is out of date from now on, until the watcher has looked again: see watcher.ts
  [ -e "$1/.tazpod/saved" ] && rm -f "$1/.tazpod/saved"
fi
# a container from before tazpod mounted the agent's folder
[ -S "$SSH_AUTH_SOCK" ] || unset SSH_AUTH_SOCK
# the host's time zone by its rule, where the image does not know its name
if [ -n "$TAZPOD_TZ_RULE" ] && ! [ -e "/usr/share/zoneinfo/$TZ" ]; then export TZ="$TAZPOD_TZ_RULE"; fi
unset TAZPOD_TZ_RULE
# last, so that it hides no program of the image
if [ -n "$${askVariable}" ]; then PATH=$PATH:\${TAZPOD_HOME:-$HOME}/$${askVariable}; export PATH; unset ${askVariable}; fi
# another terminal, where the image describes some but not this one
if [ -n "$TERM" ]; then
  known= described=
  for t in "$TERM" xterm-256color xterm; do
    for i in "$HOME/.terminfo" /etc/terminfo /lib/terminfo /usr/share/terminfo; do
      if [ -d "$i" ]; then described=yes; fi
      if [ -z "$known" ] && [ -e "$i/\${t%"\${t#?}"}/$t" ]; then known=$t; fi
    done
  done
  if [ -n "$described" ] && [ -n "$known" ]; then export TERM="$known"; fi
  unset known described t i
fi
d=$1 n=$3 f=$4
shift 4
while [ "$n" -gt 0 ]; do
  # in RAM, never in an argument
  v=$(cat -- "$d/$2") && export "$1=$v" || exit ${vaultClosedCode}
  shift 2; n=$((n - 1))
done
# last, since it may set any name
if [ -n "$f" ]; then . "$d/.tazpod/$f" || exit ${vaultClosedCode}; fi
if [ "$#" -gt 0 ]; then exec "$@"; fi
if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi`;

interface ShellOptions {
  /** Whether the vault must be open. */
  readonly open: boolean;
  /** A command instead of a shell. */
  readonly argv?: readonly string[] | undefined;
  /** Variables to set to the content of a file of the vault, without trailing newlines. */
  readonly variables: readonly { readonly name: string; readonly path: string }[];
  /** The name that `writeExports` returned. */
  readonly exports: string | undefined;
}

/** Returns the argv of a shell (bash if available) or command that starts only if the vault's state is as expected. */
export function shellCommand(
  { folder }: SecretsFolder,
  { open, argv = [], variables, exports = "" }: ShellOptions,
): string[] {
  const files = variables.flatMap(({ name, path }) => [name, path]);
  const state = [open ? "open" : "closed", String(variables.length), exports];
  return ["sh", "-c", startScript, "tazpod", folder, ...state, ...files, ...argv];
}

const writeScript = `umask 077; [ -d "$1/.tazpod" ] || exit 3; cat > "$1/.tazpod/$2"`;

/**
 * Writes a script that sets variables, and removes itself first, into tazpod's own folder in the secrets folder, which no
 * save keeps. Returns its name, for `shellCommand`. Names must be those of a shell. Failure: `vault-closed`.
 */
export async function writeExports(
  secrets: SecretsFolder,
  variables: ReadonlyMap<string, string>,
): Promise<Result<string>> {
  const name = `exports-${randomUUID()}`;
  const lines = [...variables].map(([variable, value]) => `export ${variable}=${quoteForShell(value)}`);
  const input = Buffer.from(['rm -f -- "$d/.tazpod/$f"', ...lines, ""].join("\n"));
  const done = await execScript(secrets, writeScript, [0, 3], { input }, [name]);
  input.fill(0);
  if (!done.ok) return done;
  return done.value.code === 0 ? ok(name) : fail({ kind: "vault-closed" });
}

// every process of a session inherits its id; this one does not have it
const endScript = `of() {
  for e in /proc/[0-9]*/environ; do
    if tr '\\0' '\\n' < "$e" 2>/dev/null | grep -qx "TAZPOD_SESSION=$1"; then p=\${e%/environ}; echo "\${p#/proc/}"; fi
  done
}
kill "-$2" $(of "$1") 2>/dev/null
end=$(($(date +%s) + $3))
while [ -n "$(of "$1")" ]; do
  [ "$(date +%s)" -ge "$end" ] && { kill -KILL $(of "$1") 2>/dev/null; break; }
  sleep 0.2 2>/dev/null || sleep 1
done; :`;

/**
 * Ends the processes of a shell or command whose client was killed: the signal, and SIGKILL after `graceMs`. By default
 * SIGHUP, which a shell honours, and one second.
 */
export async function endSession(
  { engine, container, user }: SecretsFolder,
  id: string,
  signal: "HUP" | "TERM" = "HUP",
  graceMs = 1_000,
): Promise<void> {
  const argv = ["sh", "-c", endScript, "tazpod", id, signal, String(Math.ceil(graceMs / 1000))];
  await engine.exec(container, argv, { user, timeoutMs: graceMs + 20_000 });
}
