import { readFileSync, readlinkSync } from "node:fs";

let known: boolean | undefined;

/**
 * Tells whether this process was started to survive the end of its terminal, by nohup(1) or by a shell that ignores
 * SIGHUP. Node sets the signal back to its default before any script runs, so it is told by what is left: the parent
 * ignores SIGHUP, or stdin is a /dev/null that cannot be read, which GNU's nohup opens in place of a terminal. False
 * without /proc.
 */
export function survivesHangUp(): boolean {
  return (known ??= parentIgnoresHangUp() || hasStdinOfNohup());
}

/** Returns argv so that the program ignores SIGHUP if this process does; the shell passes that on. */
export function likeThisProcess(argv: readonly string[]): readonly string[] {
  return survivesHangUp() ? ["sh", "-c", 'trap "" HUP; exec "$@"', "tazpod", ...argv] : argv;
}

function parentIgnoresHangUp(): boolean {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(read(`/proc/${process.ppid}/status`))?.[1];
  // SIGHUP is signal 1, the lowest bit
  return ignored !== undefined && (BigInt(`0x${ignored}`) & 1n) === 1n;
}

function hasStdinOfNohup(): boolean {
  const mode = /^flags:\s*([0-7]+)$/m.exec(read("/proc/self/fdinfo/0"))?.[1];
  const isWriteOnly = mode !== undefined && (Number.parseInt(mode, 8) & 3) === 1;
  try {
    return isWriteOnly && readlinkSync("/proc/self/fd/0") === "/dev/null";
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
