import { explain } from "../../failure/explain.js";
import type { Result } from "../../failure/result.js";
import { sleep } from "../../host/clock.js";
import { type Finished, piped } from "../../host/process.js";
import { lastLine } from "./kubectl.js";
import type { Place } from "./pod-exec.js";

/** Ports of a pod that are forwarded to this host. */
export interface ForwardedPorts {
  end(): Promise<void>;
}

/** Forwards ports, each `IP:HOST:CONTAINER/tcp`, until `end`. Warns of one that cannot be forwarded. */
export function forwardPorts(
  { command, podName }: Place,
  ports: readonly string[],
  warn: (text: string) => void = () => undefined,
): ForwardedPorts {
  const stop = new AbortController();
  const forward = async (port: string): Promise<void> => {
    const [, address, pair] = /^(.*):(\d+:\d+)\/tcp$/.exec(port) ?? [];
    if (address === undefined || pair === undefined)
      return warn(`Port ${port} is not forwarded: kubectl forwards TCP only.`);
    const at = `--address=${address.replace(/[[\]]/g, "")}`;
    const argv = [...command, "port-forward", at, `pod/${podName}`, pair];
    for (let works = true; works;) {
      works = false;
      const { stdout, done } = piped(argv, { signal: stop.signal, isQuestion: true });
      stdout.on("data", () => (works = true));
      const result = await done;
      if (stop.signal.aborted) return;
      // kubectl ends when nothing in the pod listens yet
      if (works) await sleep(500);
      else warn(`Port ${port} is not forwarded${reasonOf(result)}.`);
    }
  };
  const running = ports.map(forward);
  return {
    async end() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

function reasonOf(result: Result<Finished>): string {
  const why = result.ok ? lastLine(result.value.stderr) : explain(result.failure).message;
  return why === "" ? "" : `: ${why}`;
}
