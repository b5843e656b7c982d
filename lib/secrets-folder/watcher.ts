import { PassThrough } from "node:stream";
import { clear, look } from "./container-scripts.js";
import type { SecretsFolder } from "./secrets-folder.js";

/** The settings of a watcher. */
export interface WatcherOptions {
  /** Whole seconds between two checks of the secrets folder. */
  readonly intervalSeconds: number;
  /** Whole seconds after tazpod's end until a completely saved vault is closed; 0 is never. */
  readonly graceSeconds: number;
  /** Called with an id of the folder's state: first for the initial one, then for each different one. */
  readonly onChange: (look: string) => void;
}

/** Controls a running watcher. */
export interface Watcher {
  /** Tells that the state with this id is in the sealed vault. */
  saved(look: string): void;
  /** Stops watching: the session is over and closes the vault itself if needed. */
  end(): void;
  /** Settles when it has ended, for any reason. */
  readonly ended: Promise<void>;
}

// the saved state may be out of date once a new shell works in the folder: see shell-command.ts (the command line of
// this script has a variable's name where that of a watcher has the folder)
const unattended = `umask 077; cd "$1" || exit 0
${look}
sleep "$2" & wait $!
for p in /proc/[0-9]*; do
  # the engine may have started this script by one that has its words
  [ "$p" = "/proc/$PPID" ] && continue
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

/** How long a watcher may take to end, in ms: a program of its user can stop it. */
const endMs = 3_000;

/**
 * Watches the secrets folder from inside the container as long as this process lives. After its end, and the grace time
 * without another session, an open vault is wiped if everything was saved; unsaved work stays.
 */
export function startWatcher(
  secrets: SecretsFolder,
  { intervalSeconds, graceSeconds, onChange }: WatcherOptions,
): Watcher {
  const { engine, container, user, folder } = secrets;
  const orders = new PassThrough();
  const unanswered = new AbortController();
  const argv = ["sh", "-c", watch, "tazpod-guard", folder];
  const numbers = [String(intervalSeconds), String(graceSeconds)];
  const { stdout, done } = engine.execPiped(container, [...argv, ...numbers, unattended], {
    user,
    input: orders,
    signal: unanswered.signal,
    graceMs: endMs,
    onLine: (line) => /^\d+\.\d+$/.test(line) && onChange(line),
  });
  stdout.resume();
  return {
    saved: (look) => {
      if (!orders.writableEnded) orders.write(`saved ${look}\n`);
    },
    end: () => {
      if (orders.writableEnded) return;
      orders.end("end\n");
      setTimeout(() => unanswered.abort(), endMs).unref();
    },
    ended: done.then(() => undefined),
  };
}
