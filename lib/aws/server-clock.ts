import { now } from "../host/clock.js";
import { clientConfig, type S3Settings } from "./client-config.js";

/**
 * By how many ms this machine is ahead of the S3 server's clock, to about a second; below 0 it is behind. Undefined when
 * no answer with a date comes. The answer itself does not matter, so nothing is signed.
 */
export async function clockAhead(settings: S3Settings, signal: AbortSignal): Promise<number | undefined> {
  const { endpoint = amazon(settings.region) } = clientConfig(settings, process.env);
  try {
    const before = now().getTime();
    // Ceph's answer to a HEAD of this has a body all the same
    const answer = await fetch(endpoint, { redirect: "manual", signal });
    await answer.body?.cancel();
    const there = Date.parse(answer.headers.get("date") ?? "");
    // a date is cut to the second
    const here = (before + now().getTime()) / 2;
    return Number.isNaN(there) ? undefined : here - (there + 500);
  } catch {
    return undefined;
  }
}

/** https://docs.aws.amazon.com/general/latest/gr/s3.html */
function amazon(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}
