import { amazonEndpoint, connectionTo } from "./connection.js";
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
    const there = Date.parse((await dateOf(new URL(endpoint), signal)) ?? "");
    // the date is truncated to seconds
    const here = (before + now().getTime()) / 2;
    return Number.isNaN(there) ? undefined : here - (there + 500);
  } catch {
    return undefined;
  }
}

/** Asks by the way on which S3 is reached, through a proxy where there is one. */
async function dateOf(url: URL, signal: AbortSignal): Promise<string | undefined> {
  const { httpAgent, httpsAgent } = await connectionTo(url.href, process.env);
  const isSecure = url.protocol === "https:";
  const { get } = isSecure ? await import("node:https") : await import("node:http");
  return new Promise((resolve, reject) => {
    // Ceph's answer to a HEAD has a body, so this is a GET
    const request = get(url, { agent: isSecure ? httpsAgent : httpAgent, signal }, (answer) => {
      resolve(answer.headers.date);
      answer.destroy();
    });
    // an error after the answer changes nothing
    request.on("error", reject);
  });
}
