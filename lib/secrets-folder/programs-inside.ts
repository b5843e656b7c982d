import { ok, type Result } from "../failure/result.js";
import { execScript, printedLines } from "./exec.js";
import type { SecretsFolder } from "./secrets-folder.js";

// starts no program itself; process 1 has a `sleep` that it waits for
const listScript = `[ -e "$1/.tazpod/open" ] && echo vault
for p in /proc/[0-9]*; do
  n=\${p#/proc/}
  case $n in 1 | $$ | $PPID) continue ;; esac
  { read -r l < "$p/stat"; } 2>/dev/null || continue
  c=\${l#*\\(}; c=\${c%)*}; s=\${l##*) }
  case $c:$s in *:Z* | sleep:?" 1 "*) ;; *) printf '%s %s\\n' "$n" "$c" ;; esac
done`;

/** What uses a container. */
interface Use {
  readonly isVaultOpen: boolean;
  /** Its programs but its own, each as pid and name: `42 make`. */
  readonly programs: readonly string[];
}

/** Looks for an open vault and programs in a container with processes of its own. Failures: those of `execScript`. */
export async function useOf(secrets: SecretsFolder): Promise<Result<Use>> {
  const done = await execScript(secrets, listScript, [0]);
  if (!done.ok) return done;
  const lines = printedLines(done.value);
  const programs = lines.filter((line) => line !== "vault");
  return ok({ isVaultOpen: programs.length < lines.length, programs });
}
