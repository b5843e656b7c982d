import { basename } from "node:path";
import { list, readText, realPath } from "../../host/files.js";
import { type Check, type CheckOutcome, good, unknown, warning } from "./check.js";
import type { Terminal } from "../../host/terminal.js";
import type { RunOptions } from "../../run/run-options.js";
import { now } from "../../host/clock.js";

const blocks = "/sys/class/block";

/**
 * Judges the text of /proc/swaps (proc(5)): after a header, each line begins with a device or file. `isSafe` returns
 * whether a path keeps data out of cleartext storage.
 */
export async function judgeSwaps(
  text: string,
  isSafe: (path: string) => Promise<boolean>,
): Promise<CheckOutcome> {
  const paths = text
    .split("\n")
    .slice(1)
    .flatMap((line) => line.trim().split(/\s+/).slice(0, 1))
    .filter((path) => path !== "");
  const open: string[] = [];
  for (const path of paths) if (!(await isSafe(path))) open.push(path);
  if (open.length > 0)
    return warning(
      `${open.join(", ")}: secrets in RAM may be written there, and stay on disk`,
      "Turn it off (`sudo swapoff -a`, and its line in /etc/fstab), encrypt it with dm-crypt, or use zram.",
    );
  return good(paths.length === 0 ? "none" : `${paths.join(", ")}: in RAM or encrypted`);
}

/** zram is in RAM. A device is safe if it or everything below it is encrypted; a swap file counts as unsafe. */
async function isSafe(path: string): Promise<boolean> {
  const real = await realPath(path);
  const device = real.ok ? real.value : undefined;
  if (device === undefined || !device.startsWith("/dev/")) return false;
  return /^zram\d+$/.test(basename(device)) || isEncrypted(basename(device));
}

async function isEncrypted(device: string): Promise<boolean> {
  // the prefix that dm-crypt gives its devices
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
  async run() {
    const text = await readText("/proc/swaps");
    return text.ok && text.value !== undefined
      ? judgeSwaps(text.value, isSafe)
      : unknown("there is no /proc/swaps");
  },
};

/** Checks whether questions can be asked. */
export function terminalCheck(terminal: Terminal, options: RunOptions): Check {
  return {
    name: "terminal",
    limitMs: 1_000,
    async run() {
      if (terminal.interactive) return good(`${process.env["TERM"] ?? "unnamed (TERM is not set)"}`);
      const reason = "none: questions cannot be asked";
      return options.yes === "all"
        ? good(`${reason}; --yes answers`)
        : warning(reason, "Use --yes and --passphrase-file (or -fd, -command) with `tazpod enter -- CMD`.");
    },
  };
}

/** When the support of a release line ends (https://github.com/nodejs/release). */
const ends: ReadonlyMap<number, string> = new Map([
  [20, "2026-04-30"],
  [22, "2027-04-30"],
  [24, "2028-04-30"],
]);

/** The AWS SDK requires this Node from the second week of January 2027 on, as the SDK itself announces. */
const sdkWants = 22;
const todo = "Use Node 24 or 22.";

/** `version` as in `process.versions.node`. */
export function judgeNode(version: string, today: Date): CheckOutcome {
  const major = Number(version.split(".")[0]);
  const end = ends.get(major);
  const sdk =
    major < sdkWants
      ? `; from the second week of January 2027 on, new versions of the AWS SDK need Node ${sdkWants} or later`
      : "";
  if (end === undefined) return unknown(`${version}, whose end of support is not known to this tazpod${sdk}`);
  const isOver = today >= new Date(`${end}T23:59:59Z`);
  return isOver
    ? warning(`${version}, which has had no security updates since ${end}${sdk}`, todo)
    : good(`${version}, supported until ${end}${sdk}`);
}

export const nodeCheck: Check = {
  name: "node",
  limitMs: 1_000,
  run: async () => judgeNode(process.versions.node, now()),
};
