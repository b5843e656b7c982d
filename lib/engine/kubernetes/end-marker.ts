import { randomBytes } from "node:crypto";
import { Transform } from "node:stream";

/*
 * kubectl exits 0 when its connection breaks. So a program in a pod is run by a script that adds an end marker to both of
 * its streams: a random id and the exit code. A connection delivers a stream in order, so what precedes the marker is whole;
 * without it the stream was cut.
 */

/** The bytes of a marker: an id of 32 digits, a space, an exit code of 3 digits, a newline. */
const markerBytes = 37;

/** The name under which the script runs, followed by the id. */
export const execName = "tazpod-exec";

const withMarkers = `m=$1; shift
"$@"
c=$(printf '%s %03d.' "$m" "$?")
printf '%s\\n' "\${c%.}"
printf '%s\\n' "\${c%.}" >&2`;

/** A terminal shows both streams. So the exit code is the marker, which kubectl reports unless it is 0. */
export const successCode = 201;

/** The exit code of a terminal's program is in a file: it is one of the two that stand for something else. */
export const codeInFile = 202;

const onTerminal = `m=$1; shift
"$@"
c=$?
case $c in
  0) exit ${successCode} ;;
  ${successCode} | ${codeInFile}) echo "$c" > "\${TMPDIR:-/tmp}/tazpod-$m"; exit ${codeInFile} ;;
esac
exit "$c"`;

/** Prints the exit code that \`onTerminal\` wrote, and removes it. */
export const readCode = `f=\${TMPDIR:-/tmp}/tazpod-$1; cat "$f" && rm -f "$f"`;

/** Ends the programs of an id, which are a process group: SIGTERM, then SIGKILL after two seconds. */
export const endProgram = `of() {
  for c in /proc/[0-9]*/cmdline; do
    case $(tr '\\0' ' ' < "$c" 2>/dev/null) in *" ${execName} $1 "*) p=\${c%/cmdline}; echo "\${p#/proc/}" ;; esac
  done
}
for s in TERM KILL; do
  for p in $(of "$1"); do kill -$s -- "-$p" 2>/dev/null || kill -$s "$p" 2>/dev/null; done
  n=10
  while [ "$n" -gt 0 ] && [ -n "$(of "$1")" ]; do n=$((n - 1)); sleep 0.2 2>/dev/null || sleep 1; done
done`;

/** Returns a new id. */
export const newMarker = (): string => randomBytes(16).toString("hex");

/** Returns the argv that runs a program in a pod, with variables and in a folder if given. */
export function markedArgv(
  marker: string,
  argv: readonly string[],
  {
    tty = false,
    env = {},
    workdir,
  }: {
    readonly tty?: boolean;
    readonly env?: Readonly<Record<string, string>>;
    readonly workdir?: string | undefined;
  } = {},
): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const inFolder =
    workdir === undefined ? [] : ["sh", "-c", 'cd "$1" || exit; shift; exec "$@"', "sh", workdir];
  const program = variables.length === 0 ? argv : ["env", ...variables, ...argv];
  return ["sh", "-c", tty ? onTerminal : withMarkers, execName, marker, ...inFolder, ...program];
}

/** A stream without its end marker, and the exit code in that. */
export interface Unmarked {
  readonly stream: Transform;
  /** The exit code; undefined until the stream has ended, and if it was cut. */
  code(): number | undefined;
}

/**
 * Returns a transform that passes on a stream without its end marker. It holds back only what may be the beginning of the
 * marker, so that output is seen as it comes.
 */
export function unmark(marker: string): Unmarked {
  let held: Buffer = Buffer.alloc(0);
  let code: number | undefined;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const all = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const tail = all.subarray(-markerBytes).toString("latin1");
      let from = 0;
      while (from < tail.length && !isBeginning(tail.slice(from), marker)) from += 1;
      const passed = all.length - tail.length + from;
      held = all.subarray(passed);
      done(null, passed === 0 ? undefined : all.subarray(0, passed));
    },
    flush(done) {
      code = codeIn(held.toString("latin1"), marker);
      done(null, code === undefined && held.length > 0 ? held : undefined);
    },
  });
  return { stream, code: () => code };
}

/** Tells whether a text may be the beginning of a marker, or is one. */
function isBeginning(text: string, marker: string): boolean {
  return (
    `${marker} `.startsWith(text.slice(0, marker.length + 1)) &&
    /^\d{0,3}\n?$/.test(text.slice(marker.length + 1))
  );
}

/** Returns a text of stderr without the marker at its end, and whether that was there. */
export function unmarkText(
  text: string,
  marker: string,
): { readonly text: string; readonly isWhole: boolean } {
  const tail = text.slice(1 - markerBytes);
  if (codeIn(`${tail}\n`, marker) === undefined) return { text, isWhole: false };
  return { text: text.slice(0, text.length - tail.length).trimEnd(), isWhole: true };
}

function codeIn(tail: string, marker: string): number | undefined {
  return tail.startsWith(`${marker} `) && /^\d{3}\n$/.test(tail.slice(33))
    ? Number(tail.slice(33, 36))
    : undefined;
}
