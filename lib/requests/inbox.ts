import { PassThrough, type Readable } from "node:stream";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { execScript } from "../secrets-folder/exec.js";
import { fail, ok, type Result } from "../failure/result.js";
import { askProgram, askScript, requestLimit, requestsFolder } from "./ask-script.js";

/*
 * Programs in the container leave requests in a folder: see ask-script.ts. Each is announced by a line of a pipe, so that they
 * come in turn, however often a program asks. All of it can be written by any program of the container's user, so a request counts
 * only as what was read of it once, and answers are what such a program may see.
 */

/** A request that was announced. */
export interface Announced {
  /** The name of its folder: 16 hexadecimal digits. */
  readonly name: string;
  /** The process that asks; it has the request's folder in use. */
  readonly pid: number;
  /** The process that the engine started from which it descends, or process 1 if its parents have ended. */
  readonly origin: number;
}

/**
 * `origin PID` sets o to the process from which it descends that has no parent here. A process cannot choose it. `Name` comes
 * first in a status, and has no line ends.
 */
const origin = `origin() {
  o=$1
  while :; do
    q=
    while read -r k v _; do [ "$k" = PPid: ] && { q=$v; break; }; done < "/proc/$o/status" || return 1
    [ "\${q:-0}" = 0 ] && return 0
    o=$q
  done
} 2>/dev/null`;

// What ends it is the end of stdin. A line of the pipe counts if it names a process that has the request's folder in use.
const listen = `umask 077
h=\${TAZPOD_HOME:-$HOME}
r=${requestsFolder}
${origin}
[ -d "$r" ] && ! [ -L "$r" ] || { rm -rf -- "$r"; mkdir -p -- "$r"; }
for d in "$r"/*; do [ "$d/ask" -ef "/proc/\${d##*-}/fd/8" ] || rm -rf -- "$d"; done
s=$(date +%s)-$$
d=$r/$s
# it appears with its pipe in use: without, it is one that a killed session left
mkdir -- "$r/.$s" && mkfifo "$r/.$s/ask" && exec 8<> "$r/.$s/ask" && mv -- "$r/.$s" "$d" || exit 1
n=$h/$2.$$
mkdir -p -- "\${n%/*}" && printf "#!/bin/sh\\nd='%s'\\n%s" "$r" "$1" > "$n" && chmod 700 "$n" && mv -f -- "$n" "$h/$2" ||
  echo "not installed"
echo "listening $s"
while read -r n p _; do
  case $n in '' | *[!0-9a-f]*) continue ;; esac
  case $p in '' | *[!0-9]*) continue ;; esac
  [ "$d/$n/alive" -ef "/proc/$p/fd/9" ] && origin "$p" && printf 'asks %s %s %s\\n' "$n" "$p" "$o"
done <&8 &
loop=$!
while read -r n c t; do
  if [ -d "$d/$n" ]; then
    { printf 'tazpod-ask: %s\\n' "$t" >&9; } 9<> "$d/$n/err"
    { printf '%s\\n' "$c" >&9; } 9<> "$d/$n/code"
  fi 2>/dev/null
done
kill "$loop" 2>/dev/null
wait "$loop" 2>/dev/null
rm -rf -- "$d"
:`;

// a device or a pipe in its place must not be read without end
const readRequest = `f=${requestsFolder}/$1/request
[ -f "$f" ] && ! [ -L "$f" ] && exec dd if="$f" bs=${requestLimit + 1} count=1 2>/dev/null`;

const sendOutput = `exec cat > "${requestsFolder}/$1/$2"`;
const sendCode = `echo "$2" 1<> "${requestsFolder}/$1/code"`;
const alive = `shift; for p; do [ -d "/proc/$p" ] && echo "$p"; done; :`;

/** The requests of one container, as a running session receives and answers them. */
export interface Inbox {
  /** Returns the request's fields as the program wrote them. Failure: `command-failed`, `timeout` and others of the engine. */
  read(name: string): Promise<Result<Buffer>>;
  /** Refuses a request with one line of text. */
  refuse(name: string, code: number, text: string): void;
  /** Sends the output of a command to the program that asked for it. */
  send(name: string, stream: "out" | "err", output: Readable, signal: AbortSignal): Promise<void>;
  /** Sends the exit code, after the output: the program ends with it. */
  sendCode(name: string, code: number): Promise<void>;
  /** Stops listening; waiting programs are told that the session has ended. */
  end(): void;
  /** Settles when listening has ended, for any reason. */
  readonly ended: Promise<void>;
}

/** How listening begins. */
export interface InboxEvents {
  readonly onRequest: (request: Announced) => void;
  /** `installed` tells whether the program `tazpod-ask` could be put in the home. */
  readonly onListening: (installed: boolean) => void;
}

/** With the folder of the session. */
const listening = /^listening (\d{1,12}-\d{1,9})$/;
const announcement = /^asks ([0-9a-f]{16}) (\d{1,9}) (\d{1,9})$/;
/** Time limit for what answers at once unless a program disturbs it, in ms. */
const answerMs = 10_000;
/** How long listening may take to end, in ms: a program of its user can stop it. */
const endMs = 3_000;

/** Listens for requests in the container of an open vault, as long as this process lives. */
export function openInbox(secrets: SecretsFolder, { onRequest, onListening }: InboxEvents): Inbox {
  const { engine, container, user } = secrets;
  const orders = new PassThrough();
  const unanswered = new AbortController();
  let installed = true;
  let folder = "";
  const { stdout, done } = engine.execPiped(
    container,
    ["sh", "-c", listen, "tazpod-requests", askScript, askProgram],
    {
      user,
      input: orders,
      signal: unanswered.signal,
      graceMs: endMs,
      onLine(line) {
        if (line === "not installed") installed = false;
        const [, own] = listening.exec(line) ?? [];
        if (own !== undefined) {
          folder = own;
          return onListening(installed);
        }
        const [, name, pid, from] = announcement.exec(line) ?? [];
        if (name !== undefined) onRequest({ name, pid: Number(pid), origin: Number(from) });
      },
    },
  );
  stdout.resume();
  const order = (text: string): void => {
    if (!orders.writableEnded) orders.write(text);
  };
  return {
    async read(name) {
      const limits = { timeoutMs: answerMs, limitBytes: requestLimit + 1 } as const;
      const argv = ["sh", "-c", readRequest, "tazpod", `${folder}/${name}`];
      const read = await engine.exec(container, argv, { user, ...limits });
      if (!read.ok) return read;
      const { code, stdout: bytes, stderr: detail } = read.value;
      return code === 0
        ? ok(bytes)
        : fail({ kind: "command-failed", command: ["exec", container, "sh"], code, detail });
    },
    refuse: (name, code, text) => order(`${name} ${code} ${text.replaceAll(/\s+/g, " ")}\n`),
    async send(name, stream, output, signal) {
      const argv = ["sh", "-c", sendOutput, "tazpod", `${folder}/${name}`, stream];
      await engine.exec(container, argv, { user, input: output, signal });
      output.destroy();
    },
    async sendCode(name, code) {
      const argv = ["sh", "-c", sendCode, "tazpod", `${folder}/${name}`, String(code)];
      await engine.exec(container, argv, { user, timeoutMs: answerMs });
    },
    end: () => {
      if (orders.writableEnded) return;
      orders.end();
      setTimeout(() => unanswered.abort(), endMs).unref();
    },
    ended: done.then(() => undefined),
  };
}

/** Returns which of these processes of the container still run; undefined if that is not known. */
export async function stillRunning(
  secrets: SecretsFolder,
  pids: readonly number[],
): Promise<ReadonlySet<number> | undefined> {
  const asked = await execScript(secrets, alive, [0], { timeoutMs: answerMs }, pids.map(String));
  return asked.ok ? new Set(asked.value.stdout.toString().split("\n").map(Number)) : undefined;
}
