import { type ChildProcess, spawn } from "node:child_process";
import type { RemoteSettings } from "../../lib/remote/remote-types.js";
import { repository } from "./root.js";

export interface Victim {
  readonly what: "push" | "pull";
  readonly settings: RemoteSettings;
  readonly folder: string;
  /** Where it dies; nowhere, when it does not come there. */
  readonly step: string;
  /** How many copies its history keeps: 2 unless given, 0 for all. */
  readonly keep?: number;
}

/** A process that pushes or pulls. */
export function victim({ what, settings, folder, step, keep = 2 }: Victim): ChildProcess {
  const program = `${repository}dist/test/fake/sync-victim.js`;
  const args = [program, what, JSON.stringify(settings), folder, step, String(keep)];
  return spawn(process.execPath, args, { stdio: "ignore" });
}

/** Waits for its end, and says whether it died. */
export async function dies(wanted: Victim): Promise<boolean> {
  const child = victim(wanted);
  const signal = await new Promise((resolve) => child.on("close", (_code, signal) => resolve(signal)));
  return signal === "SIGKILL";
}
