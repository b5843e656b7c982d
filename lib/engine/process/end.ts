import { sleep } from "../../host/clock.js";
import { endProcess } from "../../host/end-process.js";
import { processesWithVariable, signalProcess } from "../../host/process-table.js";
import { capture } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { homeVariable } from "./environment.js";
import type { HomeRecord } from "./run.js";

/** How long a process may take to end by itself once it is told to, in ms. */
const graceMs = 2_000;

// a folder that its owner may not write would keep what is in it
const removeScript = '[ -d "$1" ] || exit 0; chmod -R u+rwX -- "$1"; rm -rf -- "$1"';

/** Ends every process that was started in a home, and removes the home. Failure: `command-failed` names what stays. */
export async function endHome({ user: { home } }: HomeRecord): Promise<Result<void>> {
  const left = (): Promise<Map<number, string>> => processesWithVariable(homeVariable, home);
  for (const [pid] of await left()) signalProcess(pid, "SIGTERM");
  for (let waited = 0; waited < graceMs && (await left()).size > 0; waited += 50) await sleep(50);
  for (const [pid, identity] of await left())
    if (!(await endProcess(pid, identity)))
      return failed(["kill", String(pid)], undefined, "it does not end");
  const removed = await capture(["sh", "-c", removeScript, "tazpod", home]);
  if (!removed.ok) return removed;
  const { code, stderr } = removed.value;
  return code === 0 ? ok(undefined) : failed(["rm", "-rf", home], code, stderr);
}

function failed(command: readonly string[], code: number | undefined, detail: string): Result<never> {
  return fail({ kind: "command-failed", command, code, detail });
}
