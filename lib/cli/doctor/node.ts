import { now } from "../../host/clock.js";
import { type Check, good, type Seen, unknown, warning } from "./types.js";

/** When the support of a release line ends (https://github.com/nodejs/release). */
const ends: ReadonlyMap<number, string> = new Map([
  [20, "2026-04-30"],
  [22, "2027-04-30"],
  [24, "2028-04-30"],
]);

/** Versions of the AWS SDK that are published from the second week of January 2027 on want this one, as the SDK says itself. */
const sdkWants = 22;
const todo = "Use Node 24 or 22.";

/** `version` as in `process.versions.node`. */
export function judgeNode(version: string, today: Date): Seen {
  const major = Number(version.split(".")[0]);
  const end = ends.get(major);
  const sdk =
    major < sdkWants
      ? `; from the second week of January 2027 on, the AWS SDK is updated for Node ${sdkWants} and later only`
      : "";
  if (end === undefined) return unknown(`${version}, whose end of support is not known here${sdk}`);
  const isOver = today >= new Date(`${end}T23:59:59Z`);
  return isOver
    ? warning(`${version}, which has had no security updates since ${end}${sdk}`, todo)
    : good(`${version}, supported until ${end}${sdk}`);
}

export const nodeCheck: Check = {
  name: "node",
  limitMs: 1_000,
  look: async () => judgeNode(process.versions.node, now()),
};
