import { readlink } from "node:fs/promises";
import { processIdentity } from "./process-identity.js";

/** Returns a text that identifies this process for `processIsGone`: pid namespace, pid, boot id and start time. */
export async function processToken(): Promise<string> {
  return [await namespace(), process.pid, await processIdentity(process.pid)].join("/");
}

/**
 * Tells whether a process has ended. False for a process of another host or pid namespace, of which nothing is known.
 */
export async function processIsGone(text: string): Promise<boolean> {
  const [where = "", pid = "", identity = ""] = text.split("/");
  if (where === "" || where !== (await namespace()) || !/^\d+$/.test(pid)) return false;
  const found = await processIdentity(Number(pid));
  // also true after a reboot
  return found !== identity;
}

async function namespace(): Promise<string> {
  return readlink("/proc/self/ns/pid").catch(() => "");
}
