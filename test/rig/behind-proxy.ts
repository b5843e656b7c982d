import { FaultProxy } from "../fake/fault-proxy.js";
import { newBucket } from "./bucket.js";
import { type Host, passphrase } from "./host.js";
import type { Pty } from "./pty.js";
import { withSealed } from "./with-vault.js";

/** A host whose remote is behind a proxy, with a vault that was pushed. */
export async function behindProxy(): Promise<{ host: Host; proxy: FaultProxy; remote: string }> {
  const { url } = await newBucket();
  const proxy = await FaultProxy.start();
  const remote = `\n  url: ${url}\n  endpoint: ${proxy.url}`;
  const host = await withSealed(remote);
  proxy.requests.length = 0;
  return { host, proxy, remote };
}

/** Answers yes to the question, and enters the passphrase. */
export async function unlocked(pty: Pty): Promise<void> {
  await pty.expect("Unlock the vault? [Y/n]");
  pty.line("");
  await pty.secret("Passphrase of the vault:", passphrase);
}
