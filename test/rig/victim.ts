import { type ChildProcess, spawn } from "node:child_process";
import type { RemoteSettings } from "../../lib/remote/remote-types.js";
import { repository } from "./root.js";

export interface Victim {
  readonly what: "push" | "pull";
  readonly settings: RemoteSettings;
  readonly folder: string;
  /** Where it dies; it does not die if it never gets there. */
  readonly step: string;
  /** Number of copies that its history keeps: 2 by default, 0 for all. */
  readonly keep?: number;
}

/** A process that pushes or pulls. */
export function victim({ what, settings, folder, step, keep = 2 }: Victim): ChildProcess {
  const program = `${repository}dist/test/fake/sync-victim.js`;
  const args = [program, what, JSON.stringify(settings), folder, step, String(keep)];
  return spawn(process.execPath, args, { stdio: "ignore" });
}

/** Waits for its end, and tells whether it was killed. */
export async function dies(wanted: Victim): Promise<boolean> {
  const child = victim(wanted);
  const signal = await new Promise((resolve) => child.on("close", (_code, signal) => resolve(signal)));
  return signal === "SIGKILL";
}
