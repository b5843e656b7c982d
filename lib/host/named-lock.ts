import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { sleep, steadyTime } from "./clock.js";

/** How long to wait for a lock, in ms: its holders only read and write a small file. */
const patienceMs = 5_000;

/**
 * Runs `work` while no other work of this machine runs under the same name. The lock is an abstract socket (unix(7)):
 * the kernel gives its name to one process at a time and takes it back when that ends, so that a killed one leaves
 * nothing behind. Where there are none (macOS), and if the name is still taken after five seconds, by whomever, `work`
 * runs without a lock.
 */
export async function withNamedLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const address = `\0tazpod-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
  const end = steadyTime() + patienceMs;
  let held = await listen(address);
  while (held === "taken" && steadyTime() < end) {
    await sleep(2 + Math.random() * 8);
    held = await listen(address);
  }
  try {
    return await work();
  } finally {
    if (typeof held === "object") held.close();
  }
}

function listen(address: string): Promise<Server | "taken" | undefined> {
  if (process.platform !== "linux") return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code === "EADDRINUSE" ? "taken" : undefined),
    );
    server.listen(address, () => resolve(server));
  });
}
