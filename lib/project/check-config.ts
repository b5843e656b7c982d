import type { Document } from "../document/document.js";
import { didYouMean, nearest } from "../document/nearest.js";
import { agentFolder, pathsOverlap } from "../engine/container-paths.js";
import type { Problem } from "../failure/failure.js";
import type { ConfigFile } from "../generated/config.js";
import * as config from "../generated/config-validator.js";
import { rest } from "../vault/vault-parts.js";
import { ruleProblems } from "./request-rule.js";
import type { Schema } from "../document/schema.js";

type Checked = Pick<Document<ConfigFile>, "value" | "problem">;

/** Returns problems that the schema cannot express: settings that exclude each other. */
export function configProblems({ value, problem }: Checked): Problem[] {
  const { network = "bridge", workspace = "mount", ssh = "auto", ports = [], mounts = [] } = value;
  const found: Problem[] = [];
  const remote =
    "with `workspace: copy` the container may be on another machine, which cannot access this host";
  if (workspace === "copy" && mounts.length > 0)
    found.push(
      problem(["mounts"], `mounts are not available: ${remote}`, {
        part: "key",
        hint: "leave mounts out, or use `workspace: mount`",
      }),
    );
  if (workspace === "copy" && (ssh === "mount" || ssh === "agent"))
    found.push(
      problem(["ssh"], `\`ssh: ${ssh}\` is not available: ${remote}`, {
        hint: "use `ssh: none`, or `workspace: mount`",
      }),
    );
  if (ports.length > 0 && network !== "bridge")
    found.push(
      problem(["ports"], `ports cannot be published with \`network: ${network}\``, {
        part: "key",
        hint:
          network === "host"
            ? "with it, all ports of the container are the host's; leave ports out, or use `network: bridge`"
            : "leave ports out, or use `network: bridge`",
      }),
    );
  found.push(...buildProblems({ value, problem }));
  for (const [index, { target }] of mounts.entries()) {
    const path = ["mounts", index, "target"];
    if (mounts.slice(0, index).some((mount) => mount.target === target))
      found.push(problem(path, `${JSON.stringify(target)} is the target of two mounts`));
    if (pathsOverlap(target, agentFolder))
      found.push(problem(path, `${JSON.stringify(target)} overlaps ${agentFolder}, which tazpod uses`));
  }
  found.push(...requestProblems({ value, problem }));
  return found;
}

/** A rule for a part that the settings do not name would never have effect. */
function requestProblems({ value: { request_rules: rules = [], parts = {} }, problem }: Checked): Problem[] {
  const known = [...Object.keys(parts), rest];
  const unknown = rules.flatMap(({ part }, index) => {
    if (part === undefined || known.includes(part)) return [];
    const hint = didYouMean(part, known) ?? `known parts: ${known.join(", ")}`;
    return [problem(["request_rules", index, "part"], `there is no part "${part}"`, { hint })];
  });
  return [...ruleProblems(rules, "request_rules", problem), ...unknown];
}

const buildKeys = ["dockerfile", "context", "args", "target"];

/** `build` has other keys for the Go command line, which are ignored; a map with one of ours, or nearly, is checked. */
function buildProblems({ value, problem }: Checked): Problem[] {
  const { build } = value;
  if (typeof build !== "object") return [];
  const keys = Object.keys(build);
  const isOurs = keys.some((key) => nearest(key, buildKeys) !== undefined);
  return keys
    .filter((key) => isOurs && !buildKeys.includes(key))
    .map((key) => {
      const close = nearest(key, buildKeys);
      const hint = close === undefined ? `known keys: ${buildKeys.join(", ")}` : `did you mean "${close}"?`;
      return problem(["build", key], `unknown key "${key}"`, { part: "key", hint });
    });
}

/** The schema of .tazpod/config.yaml: schema/config.schema.json. */
export const configSchema: Schema<ConfigFile> = config;

/** Tells whether a config is valid. */
export function fitsConfig(value: ConfigFile): boolean {
  return (
    configSchema.validate(value) &&
    configProblems({ value, problem: (_, message) => ({ message }) }).length === 0
  );
}
