import { posix } from "node:path";
import { invalidDocument, type SourceFile } from "../../document/document.js";
import type { ConfigFile } from "../../generated/config.js";
import { ok, type Result } from "../../failure/result.js";
import { type JsoncDocument, parseJsonc } from "./jsonc-document.js";
import { fitsConfig } from "../check-config.js";
import { readMount } from "./mounts.js";

/** Settings that a file of the project suggests for its config. */
export interface DevcontainerOffer {
  /** The file's path in the project. */
  readonly file: string;
  readonly settings: OfferedSettings;
  /** Settings in the file that were not taken, each with the reason. */
  readonly notRead: readonly string[];
}

export type OfferedSettings = Pick<ConfigFile, "image" | "build" | "user" | "env" | "mounts" | "ports">;

/**
 * Keys that change how VS Code runs a container and have no counterpart here. Other unknown keys are for the editor.
 */
const unsupported = [
  "appPort",
  "capAdd",
  "context",
  "dockerComposeFile",
  "dockerFile",
  "features",
  "hostRequirements",
  "init",
  "initializeCommand",
  "onCreateCommand",
  "overrideCommand",
  "postAttachCommand",
  "postCreateCommand",
  "postStartCommand",
  "privileged",
  "remoteEnv",
  "runArgs",
  "runServices",
  "secrets",
  "securityOpt",
  "service",
  "updateContentCommand",
  "workspaceFolder",
  "workspaceMount",
];

/**
 * Reads a devcontainer.json (containers.dev/implementors/json_reference) as far as tazpod supports it. `project` is the
 * name of the project's folder. Failure: `invalid-document`.
 */
export function readDevcontainer(
  source: SourceFile,
  file: string,
  project: string,
): Result<DevcontainerOffer> {
  const parsed = parseJsonc(source);
  if (!parsed.ok) return parsed;
  const document = parsed.value;
  const notRead: string[] = [];
  const folder = posix.dirname(file);
  const reading = { document, folder, project, notRead };
  const build = readBuild(reading);
  const image = readText(reading, "image");
  const user = readText(reading, "remoteUser") ?? readText(reading, "containerUser");
  const env = readEnv(reading);
  const mounts = readMounts(reading);
  const ports = readPorts(reading);
  if (document.problems.length > 0) return invalidDocument(document.problems);
  const known = build?.isLegacy === true ? ["dockerFile", "context"] : [];
  notRead.push(...document.keys([]).filter((key) => unsupported.includes(key) && !known.includes(key)));
  const settings: OfferedSettings = {
    ...(build === undefined ? {} : { build: build.value }),
    ...(build !== undefined || image === undefined ? {} : { image }),
    ...(user === undefined ? {} : { user }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(ports.length === 0 ? {} : { ports }),
  };
  return ok({ file, settings, notRead });
}

interface Reading {
  readonly document: JsoncDocument;
  readonly folder: string;
  readonly project: string;
  readonly notRead: string[];
}

function readText({ document, notRead }: Reading, key: "image" | "remoteUser" | "containerUser") {
  const text = document.text([key]);
  if (text === undefined) return undefined;
  if (!text.includes("${") && fitsConfig(key === "image" ? { image: text } : { user: text })) return text;
  notRead.push(`${key} (${JSON.stringify(text)})`);
  return undefined;
}

type BuildMap = Exclude<NonNullable<ConfigFile["build"]>, string>;

/** Reads `build`, or the older `dockerFile` and `context`. */
function readBuild(reading: Reading): { readonly value: BuildMap; readonly isLegacy: boolean } | undefined {
  const { document, notRead } = reading;
  const isLegacy = !document.keys(["build"]).includes("dockerfile");
  const named = document.text(isLegacy ? ["dockerFile"] : ["build", "dockerfile"]);
  if (named === undefined) {
    if (document.keys(["build"]).length > 0) notRead.push("build (it has no dockerfile)");
    return undefined;
  }
  const dockerfile = below(reading, named);
  const context = below(reading, document.text(isLegacy ? ["context"] : ["build", "context"]) ?? ".");
  if (dockerfile === undefined || context === undefined) {
    notRead.push("build (it is outside the project)");
    return undefined;
  }
  const args: Record<string, string> = {};
  for (const name of document.keys(["build", "args"])) {
    const value = document.text(["build", "args", name]);
    if (value === undefined) continue;
    if (!value.includes("${") && fitsConfig({ build: { args: { [name]: value } } })) args[name] = value;
    else notRead.push(`build.args.${name}`);
  }
  const target = document.text(["build", "target"]);
  const others = document
    .keys(["build"])
    .filter((key) => !["dockerfile", "context", "args", "target"].includes(key));
  notRead.push(...others.map((key) => `build.${key}`));
  const value: BuildMap = {
    dockerfile,
    ...(context === posix.dirname(dockerfile) ? {} : { context }),
    ...(Object.keys(args).length === 0 ? {} : { args }),
    ...(target === undefined ? {} : { target }),
  };
  if (fitsConfig({ build: value })) return { value, isLegacy };
  notRead.push("build");
  return undefined;
}

/** Converts a path relative to the file's folder to one relative to the project; undefined if it leads outside. */
function below({ folder }: Reading, path: string): string | undefined {
  const joined = posix.normalize(posix.join(folder, path)).replace(/(?<=.)\/$/, "");
  return posix.isAbsolute(path) || joined === ".." || joined.startsWith("../") || path.includes("${")
    ? undefined
    : joined;
}

function readEnv({ document, project, notRead }: Reading): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of document.keys(["containerEnv"])) {
    const value = document
      .text(["containerEnv", name])
      ?.replaceAll("${containerWorkspaceFolder}", "/workspace")
      .replaceAll("${containerWorkspaceFolderBasename}", "workspace")
      .replaceAll("${localWorkspaceFolderBasename}", project);
    if (value === undefined) continue;
    const unknown = /\$\{[^}]*\}?/.exec(value)?.[0];
    if (unknown !== undefined) notRead.push(`containerEnv.${name} (${unknown} differs between hosts)`);
    else if (fitsConfig({ env: { [name]: value } })) env[name] = value;
    else notRead.push(`containerEnv.${name} (tazpod sets it, or it is not a valid name)`);
  }
  return env;
}

function readMounts({ document, notRead }: Reading): NonNullable<ConfigFile["mounts"]> {
  const mounts: NonNullable<ConfigFile["mounts"]> = [];
  for (let index = 0; index < document.count(["mounts"]); index++) {
    const read = readMount(document, ["mounts", index]);
    if (read === undefined) continue;
    const why = "why" in read ? read.why : undefined;
    if ("mount" in read && fitsConfig({ mounts: [...mounts, read.mount] })) mounts.push(read.mount);
    else notRead.push(`mounts[${index}] (${why ?? `its target ${read.target} cannot be used`})`);
  }
  return mounts;
}

function readPorts({ document, notRead }: Reading): number[] {
  const ports = new Set<number>();
  for (let index = 0; index < document.count(["forwardPorts"]); index++) {
    const port = document.scalar(["forwardPorts", index]);
    const number = typeof port === "string" && /^\d+$/.test(port) ? Number(port) : port;
    if (typeof number === "number" && fitsConfig({ ports: [number] })) ports.add(number);
    else notRead.push(`forwardPorts[${index}] (${JSON.stringify(port)} is not a port of this container)`);
  }
  return [...ports];
}
