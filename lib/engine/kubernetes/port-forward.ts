import { explain } from "../../failure/explain.js";
import { piped } from "../../host/process.js";
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
    const { stdout, done } = piped(argv, { signal: stop.signal, isQuestion: true });
    stdout.resume();
    const result = await done;
    if (stop.signal.aborted) return;
    const why = result.ok ? lastLine(result.value.stderr) : explain(result.failure).message;
    warn(`Port ${port} is not forwarded${why === "" ? "" : `: ${why}`}.`);
  };
  const running = ports.map(forward);
  return {
    async end() {
      stop.abort();
      await Promise.all(running);
    },
  };
}
