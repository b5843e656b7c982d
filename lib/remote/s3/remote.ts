import { clientConfig, identity, limits as defaults } from "../../aws/client-config.js";
import { loadClient, type LoadedClient } from "../../aws/client.js";
import { checkCredentials } from "../../aws/credentials.js";
import { noSizeLimit } from "../download-limits.js";
import { EndpointCache } from "./endpoint-cache.js";
import { ConditionProbe } from "./conditional-writes.js";
import { s3History } from "./remote-history.js";
import { partSizes } from "./multipart.js";
import type { ObjectLocation } from "./location.js";
import { downloadObject, headObject } from "./read.js";
import { uploadObject } from "./write.js";
import type { Remote, RemoteOptions, RemoteSettings } from "../remote-types.js";

/**
 * A remote in an S3 bucket. Every request ends: 5 s to connect, 30 s without data, three attempts. Writes are
 * conditional or, with `singleWriter` on a server without conditions, preceded by a check.
 */
export function s3Remote(settings: RemoteSettings, options: RemoteOptions = {}): Remote {
  const { folder, parts = partSizes, downloadLimits = noSizeLimit } = options;
  const { location, endpoint } = s3Location(settings, options);
  const conditions = new ConditionProbe(location, new EndpointCache(folder), endpoint);
  const writer = { location, conditions, parts, singleWriter: settings.singleWriter ?? false };
  const login = `Run \`tazpod login\`${settings.profile === undefined || settings.sso !== undefined ? "" : `, or \`aws sso login --profile ${settings.profile}\``}.`;
  return {
    kind: "s3",
    url: settings.url,
    downloadLimits,
    credentials: (signal) =>
      checkCredentials(async () => (await location.load()).client.config.credentials(), {
        identity: identity(settings, process.env),
        login,
        signal,
        explain: async () =>
          (await import("../../aws/missing-credentials.js")).explainMissing(settings, process.env, signal),
      }),
    conditionSupport: () => conditions.known(),
    head: (signal) => headObject(location, signal),
    download: (request) => downloadObject(location, request),
    upload: (request) => uploadObject(writer, request),
    history: s3History(location),
  };
}

/** Returns the location of the settings; without an endpoint it is Amazon's. */
export function s3Location(
  settings: RemoteSettings,
  { limits = defaults }: RemoteOptions = {},
): { location: ObjectLocation; endpoint: string | undefined } {
  const { bucket, key } = parseUrl(settings.url);
  const config = clientConfig(settings, process.env);
  const { endpoint } = config;
  let loaded: Promise<LoadedClient> | undefined;
  const location: ObjectLocation = {
    url: settings.url,
    bucket,
    key,
    limits,
    load: () => (loaded ??= loadClient(config, limits, settings)),
    context: (signal) => ({
      url: settings.url,
      bucket,
      region: settings.region,
      identity: identity(settings, process.env),
      signal,
      endpoint,
    }),
  };
  return { location, endpoint };
}

function parseUrl(url: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.+)$/.exec(url);
  if (match === null)
    throw new Error(`${url} is not s3://bucket/key; the config's schema lets nothing else through`);
  return { bucket: match[1] ?? "", key: match[2] ?? "" };
}
