import { basename } from "node:path";
import { list, readText, realPath } from "../../host/files.js";
import { type Check, good, type Seen, unknown, warning } from "./types.js";

const blocks = "/sys/class/block";

/**
 * What /proc/swaps says (proc(5)): a line each, after a head, that begins with the device or file. `isSafe` tells what
 * gets to no disk in the clear.
 */
export async function judgeSwaps(text: string, isSafe: (path: string) => Promise<boolean>): Promise<Seen> {
  const paths = text
    .split("\n")
    .slice(1)
    .flatMap((line) => line.trim().split(/\s+/).slice(0, 1))
    .filter((path) => path !== "");
  const open: string[] = [];
  for (const path of paths) if (!(await isSafe(path))) open.push(path);
  if (open.length > 0)
    return warning(
      `${open.join(", ")}: the RAM folder and tazpod's memory may be written there, and stay`,
      "Turn it off (`sudo swapoff -a`, and its line in /etc/fstab), or have it encrypted, by dm-crypt or in zram.",
    );
  return good(paths.length === 0 ? "there is none" : `${paths.join(", ")}: in RAM or encrypted`);
}

/** zram is in RAM. What is below a device has to be encrypted, unless it is itself; of a file nobody can tell. */
async function isSafe(path: string): Promise<boolean> {
  const real = await realPath(path);
  const device = real.ok ? real.value : undefined;
  if (device === undefined || !device.startsWith("/dev/")) return false;
  return /^zram\d+$/.test(basename(device)) || isEncrypted(basename(device));
}

async function isEncrypted(device: string): Promise<boolean> {
  // dm-crypt gives its devices such an id
  const uuid = await readText(`${blocks}/${device}/dm/uuid`);
  if (uuid.ok && uuid.value?.startsWith("CRYPT-") === true) return true;
  const below = await list(`${blocks}/${device}/slaves`);
  if (!below.ok || below.value.length === 0) return false;
  const found = await Promise.all(below.value.map(isEncrypted));
  return found.every(Boolean);
}

export const swapCheck: Check = {
  name: "swap",
  limitMs: 5_000,
  async look() {
    const text = await readText("/proc/swaps");
    return text.ok && text.value !== undefined
      ? judgeSwaps(text.value, isSafe)
      : unknown("there is no /proc/swaps to tell");
  },
};
