import { parseDocument } from "../document/parse-yaml.js";
import { configSchema } from "./check-config.js";
import type { ConfigFile } from "../generated/config.js";
import { ok, type Result } from "../failure/result.js";
import { configSchemaName, containerName, defaults } from "./defaults.js";
import type { OfferedSettings } from "./devcontainer/read-devcontainer.js";

/** Settings of a new config; defaults apply to the rest. */
export interface NewConfig extends OfferedSettings {
  readonly remote?: { readonly url: string; readonly region?: string };
  readonly engine?: ConfigFile["engine"];
}

/**
 * Returns the text of a new .tazpod/config.yaml. Failure: `invalid-document` for an answer that is not a valid setting.
 */
export function newConfigText(root: string, answers: NewConfig): Result<string> {
  const { image = defaults.image, build, user = defaults.user, engine, env, mounts, ports } = answers;
  const text = `# yaml-language-server: $schema=./${configSchemaName}
# Settings of this tazpod project. All keys are in ${configSchemaName}.
${build === undefined ? `image: ${scalar(image)}` : entry("build", build)}
container_name: ${containerName(root)}
user: ${scalar(user)}
ghost_mode: true # secrets only ever in RAM
${engine === undefined ? "" : `engine: ${engine}\n`}${[
    ...(env === undefined ? [] : [entry("env", env)]),
    ...(mounts === undefined ? [] : [entry("mounts", mounts)]),
    ...(ports === undefined ? [] : [entry("ports", ports)]),
  ]
    .map((line) => `${line}\n`)
    .join("")}
# Where the sealed vault is kept. Also: file:///media/usb/vault.tar.aes, or none
${remoteText(answers.remote)}
# How to log in, where no profile says it
# sso:
#   start_url: https://example.awsapps.com/start
#   region: eu-west-1
#   account_id: "123456789012"
#   role_name: my-role
`;
  const parsed = parseDocument({ path: ".tazpod/config.yaml", text }, configSchema);
  return parsed.ok ? ok(text) : parsed;
}

function remoteText(remote: NewConfig["remote"]): string {
  const url = remote?.url ?? `s3://${defaults.bucket}/${defaults.key}`;
  if (!url.startsWith("s3://")) return `remote: ${scalar(url)}\n`;
  return `remote:
  url: ${scalar(url)}
  region: ${scalar(remote?.region ?? defaults.region)}
  # profile: my-aws-profile
  # endpoint: https://s3.example.org
`;
}

/** Formats a key with a map or list below it, one item per line. */
function entry(key: string, value: object | string): string {
  if (typeof value === "string") return `${key}: ${scalar(value)}`;
  const lines = Array.isArray(value)
    ? value.map((item) => `  - ${flow(item)}`)
    : Object.entries(value).map(([name, item]) => `  ${scalar(name)}: ${flow(item)}`);
  return [`${key}:`, ...lines].join("\n");
}

function flow(value: unknown): string {
  if (typeof value === "string") return scalar(value);
  if (typeof value !== "object" || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([name, item]) => `${scalar(name)}: ${flow(item)}`)
    .join(", ")} }`;
}

/** Formats a string plainly if YAML reads that as a string, or else in quotes, which YAML reads as JSON does. */
function scalar(text: string): string {
  const isPlain = /^(?:[A-Za-z.~]|\/)[\w.@/~-]*(?::[\w.@/~-]+)*$/.test(text);
  return isPlain && !/^(?:true|false|null|~|[.]nan|[.]inf|\.\d.*)$/i.test(text) ? text : JSON.stringify(text);
}
