import { readlink } from "node:fs/promises";
import { processIdentity } from "./process-identity.js";

/** A text by which `processIsGone` knows this process again: pid namespace, pid, and start time with the boot's id. */
export async function processToken(): Promise<string> {
  return [await namespace(), process.pid, await processIdentity(process.pid)].join("/");
}

/** Whether a process of this host and pid namespace has ended. False for one of another: nothing is known of it. */
export async function processIsGone(text: string): Promise<boolean> {
  const [where = "", pid = "", identity = ""] = text.split("/");
  if (where === "" || where !== (await namespace()) || !/^\d+$/.test(pid)) return false;
  const found = await processIdentity(Number(pid));
  // another boot of this host counts as its end, too
  return found !== identity;
}

async function namespace(): Promise<string> {
  return readlink("/proc/self/ns/pid").catch(() => "");
}
