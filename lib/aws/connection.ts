import type { Agent as HttpAgent, ClientRequest } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { Failed } from "../failure/result.js";
import { strange } from "./not-s3.js";
import { readBytes } from "../host/files.js";
import type { Environment } from "./client-config.js";

/** How requests to a server are sent; empty for the defaults. */
export interface Connection {
  readonly httpAgent?: HttpAgent;
  readonly httpsAgent?: HttpsAgent;
}

interface ConnectResponse {
  readonly statusCode: number;
  readonly statusText: string;
}

const proxyVariables = ["https_proxy", "http_proxy", "all_proxy"];

/**
 * Returns the agents for a server's URL by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (upper or lower case), and by
 * AWS_CA_BUNDLE, whose certificates are trusted in addition to Node's. Throws `Failed` (`file`) for a bundle that cannot
 * be read.
 */
export async function connectionTo(url: string, env: Environment): Promise<Connection> {
  const ca = await trustedCertificates(env);
  const proxy = await proxyFor(url, env);
  if (proxy !== undefined) {
    const { HttpProxyAgent, HttpsProxyAgent } = await import("./proxy-sdk.js");
    const httpsAgent = new HttpsProxyAgent(proxy, { keepAlive: true, ...ca });
    // the constructor's are for the proxy only; these are for the server
    Object.assign(httpsAgent.options, ca);
    // else the proxy's refusal is read as the server's answer
    httpsAgent.on("proxyConnect", ({ statusCode, statusText }: ConnectResponse, request: ClientRequest) => {
      if (statusCode !== 200) request.destroy(strange("ProxyRefused", statusCode, statusText));
    });
    return { httpAgent: new HttpProxyAgent(proxy, { keepAlive: true }), httpsAgent };
  }
  if (ca === undefined) return {};
  const { Agent } = await import("node:https");
  return { httpsAgent: new Agent({ keepAlive: true, maxSockets: 50, ...ca }) };
}

/** Returns the proxy for a URL, with its password, if any. One without a scheme is asked in plain HTTP, as by curl. */
export async function proxyFor(url: string, env: Environment): Promise<string | undefined> {
  const given = proxyVariables.flatMap((name) => [env[name], env[name.toUpperCase()]]).filter(Boolean);
  if (given.length === 0) return undefined;
  const { getProxyForUrl } = await import("./proxy-sdk.js");
  const found = getProxyForUrl(url);
  const isBare = given.includes(found.replace(/^https?:\/\//, ""));
  return (isBare ? found.replace(/^https:/, "http:") : found) || undefined;
}

/** Returns Amazon's S3 endpoint: https://docs.aws.amazon.com/general/latest/gr/s3.html */
export function amazonEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

async function trustedCertificates(env: Environment): Promise<{ readonly ca: string[] } | undefined> {
  const path = env["AWS_CA_BUNDLE"];
  if (!path) return undefined;
  // it may be a pipe
  const found = await readBytes(path);
  if (!found.ok) throw new Failed(found.failure);
  if (found.value === undefined)
    throw new Failed({
      kind: "file",
      action: "read AWS_CA_BUNDLE",
      path,
      code: "ENOENT",
      detail: "it does not exist",
    });
  const { rootCertificates } = await import("node:tls");
  return { ca: [...rootCertificates, found.value.toString()] };
}
