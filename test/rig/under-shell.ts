import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { newFolder } from "./folder.js";
import { bin, type Host } from "./host.js";
import { Pty } from "./pty.js";

const script = `trap : INT; stty echo
sh -c 'echo $$ > "$0"; exec "$@"' "$0" "$@"
echo "left with $?"; stty -a`;

/** tazpod on a terminal started by a shell, which tells in which state it was left. */
export interface UnderShell {
  readonly pty: Pty;
  /** Signals tazpod's own process. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Returns the exit code; throws if the terminal was not restored. */
  left(): Promise<number>;
}

export async function underShell(
  where: Host | { folder: string; env?: Record<string, string> },
  ...args: string[]
): Promise<UnderShell> {
  const pidFile = join(await newFolder("pid"), "pid");
  const { folder, env = {} } = where;
  const pty = new Pty(["sh", "-c", script, pidFile, process.execPath, bin, ...args], { cwd: folder, env });
  return {
    pty,
    kill: async (signal) => void process.kill(Number(await readFile(pidFile, "utf8")), signal),
    async left() {
      await pty.expect(/left with \d+/);
      await pty.ended;
      const code = /left with (\d+)/.exec(pty.screen)?.[1];
      const state = pty.screen.slice(pty.screen.lastIndexOf("left with"));
      if (/-(icanon|echo|isig|opost) /.test(state))
        throw new Error(`the terminal is not as it was: ${pty.screen}`);
      return Number(code);
    },
  };
}
