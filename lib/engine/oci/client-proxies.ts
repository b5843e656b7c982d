import { join } from "node:path";
import { homeFolder } from "../../host/paths.js";
import { readText } from "../../host/files.js";
import { isRecord, parseJson } from "../../host/json.js";

/** The variables that the docker client sets in new containers, by the names in its config.json. */
const variables = {
  httpProxy: "HTTP_PROXY",
  httpsProxy: "HTTPS_PROXY",
  ftpProxy: "FTP_PROXY",
  noProxy: "NO_PROXY",
  allProxy: "ALL_PROXY",
} as const;

/**
 * Options of `create` that keep the client's proxies out of the container's settings, which `docker inspect` shows: they
 * may contain a password.
 */
export const withoutClientProxies: readonly string[] = Object.values(variables).flatMap((name) => [
  ...["--env", `${name}=`],
  ...["--env", `${name.toLowerCase()}=`],
]);

/**
 * Returns the proxy variables that the docker client would set in a new container, from `proxies` in its config.json, for
 * a program that is started in the container. Empty if there are none, or for a daemon that is reached by TCP: the client
 * would use them itself.
 */
export async function clientProxies(env: NodeJS.ProcessEnv = process.env): Promise<Record<string, string>> {
  const daemon = env["DOCKER_HOST"];
  if (daemon?.startsWith("tcp:") === true) return {};
  const folder = env["DOCKER_CONFIG"] || join(homeFolder(), ".docker");
  const text = await readText(join(folder, "config.json"));
  const config = text.ok && text.value !== undefined ? parseJson(text.value) : undefined;
  const proxies = isRecord(config) ? config["proxies"] : undefined;
  if (!isRecord(proxies)) return {};
  const chosen = (daemon === undefined ? undefined : proxies[daemon]) ?? proxies["default"];
  if (!isRecord(chosen)) return {};
  const found: Record<string, string> = {};
  for (const [key, name] of Object.entries(variables)) {
    const value = chosen[key];
    if (typeof value !== "string" || value === "") continue;
    found[name] = value;
    found[name.toLowerCase()] = value;
  }
  return found;
}
