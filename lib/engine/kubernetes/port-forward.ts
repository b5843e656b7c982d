import { piped } from "../../host/process.js";
import type { Place } from "./pod-exec.js";

/** Ports of a pod that are forwarded to this host. */
export interface ForwardedPorts {
  end(): Promise<void>;
}

/** Forwards ports, each `IP:HOST:CONTAINER/tcp`, until `end`. Tells on stderr which could not be forwarded. */
export function forwardPorts({ command, podName }: Place, ports: readonly string[]): ForwardedPorts {
  const stop = new AbortController();
  const running = ports.map((port) => {
    const [, address = "", pair = ""] = /^(.*?):(\d+:\d+)\/tcp$/.exec(port) ?? [];
    const argv = [
      ...command,
      "port-forward",
      `--address=${address.replace(/[[\]]/g, "")}`,
      `pod/${podName}`,
      pair,
    ];
    const { stdout, done } = piped(argv, { signal: stop.signal, isQuestion: true });
    stdout.resume();
    return done;
  });
  return {
    async end() {
      stop.abort();
      await Promise.all(running);
    },
  };
}
