import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { homeFolder } from "../host/paths.js";
import { type EngineChoice, engineNames } from "../engine/engine.js";
import { defaults } from "./defaults.js";

/** The parsed answer to a question of `init` (or its flag), or a description of valid answers. */
export type Answer<T> = { readonly value: T } | { readonly expected: string };

/** Reads the URL of the remote. Relative paths start at `from`. */
export function readRemote(text: string, from: string): Answer<string> {
  if (text === "none") return { value: text };
  if (/^file:\/\/\/.+/.test(text)) return { value: text };
  const bucket = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(?:\/(.*))?$/.exec(text);
  if (bucket !== null) return { value: `s3://${bucket[1]}/${bucket[2] || defaults.key}` };
  // a folder must contain a slash, so that typing errors are found
  if (!/^(?:~$|~\/|\/|\.{1,2}(?:\/|$))/.test(text))
    return {
      expected: "s3://BUCKET or s3://BUCKET/KEY, a folder such as /media/usb, ~/sync or ./vault, or none",
    };
  const path = text.startsWith("~") ? join(homeFolder(), text.slice(1)) : resolve(from, text);
  return { value: pathToFileURL(path.endsWith(".aes") ? path : join(path, "vault.tar.aes")).href };
}

/** Reads a region. */
export function readRegion(text: string): Answer<string> {
  return /^[a-z0-9-]+$/.test(text) ? { value: text } : { expected: "a region such as eu-central-1" };
}

/** Reads the name of an image. */
export function readImage(text: string): Answer<string> {
  return /^[A-Za-z0-9][\w./:@-]*$/.test(text)
    ? { value: text }
    : { expected: "an image such as debian:12 or ghcr.io/me/lab:latest" };
}

/** Reads the user in the image. */
export function readUser(text: string): Answer<string> {
  return /^[^:\s-][^:\s]*$/.test(text)
    ? { value: text }
    : { expected: "the name or id of a user in the image" };
}

/** Valid answers for the engine. */
export const engineChoices: readonly EngineChoice[] = ["auto", ...engineNames];

/** Reads the name of an engine. */
export function readEngine(text: string): Answer<EngineChoice> {
  const found = engineChoices.find((name) => name === text);
  return found === undefined ? { expected: engineChoices.join(", ") } : { value: found };
}

/** Reads the path of a Dockerfile, or its folder, relative to the project's folder. */
export function readBuildPath(text: string): Answer<string> {
  return /^(?!\/|~)(?!(?:.*\/)?\.\.(?:\/|$))\S.*$/.test(text)
    ? { value: text }
    : { expected: "the path of a Dockerfile below the project's folder" };
}
