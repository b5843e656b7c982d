import { PassThrough } from "node:stream";
import { clear } from "./container-scripts.js";
import type { SecretsFolder } from "./secrets-folder.js";

export interface WatcherOptions {
  /** Between two looks at the RAM folder, whole seconds. */
  readonly intervalSeconds: number;
  /** How long after tazpod has gone an open vault is closed, if all of it was saved; 0 is never. Whole seconds. */
  readonly graceSeconds: number;
  /** Called with a name for how the RAM folder looks: first for how it is, then whenever it looks different. */
  readonly onChange: (look: string) => void;
}

export interface Watcher {
  /** What looked like that is in the sealed vault. */
  saved(look: string): void;
  /** Ends it: the session is over, and closes the vault itself if need be. */
  end(): void;
  /** Settles when it has ended, of whatever. */
  readonly ended: Promise<void>;
}

// names, sizes, modes, inodes and times of everything but what is ours; not the content, which may be long
const look = `look() {
  set --
  for f in * .[!.]* ..?*; do
    if [ "$f" != .tazpod ] && { [ -e "$f" ] || [ -L "$f" ]; }; then set -- "$@" "$f"; fi
  done
  [ "$#" = 0 ] && return
  ls -ldi $times -- "$@"
  ls -lAiR $times -- "$@"
} 2>/dev/null
times=
ls --full-time / >/dev/null 2>&1 && times=--full-time`;

// what was saved may stand for less than what is there once somebody works in it again: see shell.ts
// (its own command line has the name of a variable where that of a guard has the folder)
const unattended = `umask 077; cd "$1" || exit 0
${look}
sleep "$2" & wait $!
for p in /proc/[0-9]*; do
  case " $(tr '\\0' ' ' < "$p/cmdline" 2>/dev/null)" in *" tazpod-guard $1 "*) exit 0 ;; esac
done
[ -e .tazpod/open ] && [ -e .tazpod/saved ] && [ "$(cat .tazpod/saved)" = "$(look)" ] || exit 0
${clear}`;

const watch = `umask 077; cd "$1" || exit 0
${look}
{
  trap 'kill $s 2>/dev/null; exit 0' TERM
  last=none n=0
  while [ -e .tazpod/open ]; do
    now=$(look)
    if [ "$now" != "$last" ]; then
      rm -f ".tazpod/seen.$$.$n"; n=$((n + 1))
      printf '%s\\n' "$now" > ".tazpod/seen.$$.$n"
      printf '%s\\n' "$$.$n" || exit 0
      last=$now
    fi
    sleep "$2" >/dev/null 2>&1 & s=$!
    wait $s
  done
} </dev/null &
loop=$!
while read -r word rest; do
  case $word in
    saved) [ -e ".tazpod/seen.$rest" ] && cp ".tazpod/seen.$rest" .tazpod/saved ;;
    end) break ;;
  esac
done
kill $loop; wait $loop 2>/dev/null
rm -f .tazpod/seen.$$.*
[ "$word" = end ] && exit 0
[ "$3" -gt 0 ] || exit 0
exec sh -c "$4" tazpod-unattended "$1" "$3" </dev/null >/dev/null 2>&1`;

/**
 * Watches the RAM folder from inside the container for as long as this process lives. When it is gone, and after the
 * grace time no other session has taken over, what is open and was saved to the last change is wiped; what was not saved
 * stays.
 */
export function startWatcher(
  secrets: SecretsFolder,
  { intervalSeconds, graceSeconds, onChange }: WatcherOptions,
): Watcher {
  const { engine, container, user, folder } = secrets;
  const orders = new PassThrough();
  const argv = ["sh", "-c", watch, "tazpod-guard", folder];
  const numbers = [String(intervalSeconds), String(graceSeconds)];
  const { stdout, done } = engine.execPiped(container, [...argv, ...numbers, unattended], {
    user,
    input: orders,
    onLine: (line) => /^\d+\.\d+$/.test(line) && onChange(line),
  });
  stdout.resume();
  return {
    saved: (look) => void orders.write(`saved ${look}\n`),
    end: () => void orders.end("end\n"),
    ended: done.then(() => undefined),
  };
}
