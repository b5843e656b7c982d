import { amazonEndpoint } from "./connection.js";
import { now } from "../host/clock.js";
import { clientConfig, type S3Settings } from "./client-config.js";

/**
 * Returns how many ms this machine's clock is ahead of the S3 server's, to about a second; negative when it is behind.
 * Undefined without an answer with a date. The answer itself does not matter, so the request is not signed.
 */
export async function clockAhead(settings: S3Settings, signal: AbortSignal): Promise<number | undefined> {
  const { endpoint = amazonEndpoint(settings.region) } = clientConfig(settings, process.env);
  try {
    const before = now().getTime();
    // Ceph's answer to a HEAD has a body, so this is a GET
    const answer = await fetch(endpoint, { redirect: "manual", signal });
    await answer.body?.cancel();
    const there = Date.parse(answer.headers.get("date") ?? "");
    // the date is truncated to seconds
    const here = (before + now().getTime()) / 2;
    return Number.isNaN(there) ? undefined : here - (there + 500);
  } catch {
    return undefined;
  }
}
