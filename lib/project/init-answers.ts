import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type EngineChoice, engineNames } from "../engine/engine.js";
import { defaults } from "./defaults.js";

/** An answer to a question of `init`, or to its flag: what it means, or which ones are allowed. */
export type Answer<T> = { readonly value: T } | { readonly expected: string };

/** Where the vault is kept, as a url. `from` is what a relative path starts at. */
export function readRemote(text: string, from: string): Answer<string> {
  if (text === "none") return { value: text };
  if (/^file:\/\/\/.+/.test(text)) return { value: text };
  const bucket = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(?:\/(.*))?$/.exec(text);
  if (bucket !== null) return { value: `s3://${bucket[1]}/${bucket[2] || defaults.key}` };
  // a folder is told from a slip of the pen by its slash
  if (!/^(?:~$|~\/|\/|\.{1,2}(?:\/|$))/.test(text))
    return {
      expected: "s3://BUCKET or s3://BUCKET/KEY, a folder such as /media/usb, ~/sync or ./vault, or none",
    };
  const path = text.startsWith("~") ? join(homedir(), text.slice(1)) : resolve(from, text);
  return { value: pathToFileURL(path.endsWith(".aes") ? path : join(path, "vault.tar.aes")).href };
}

export function readRegion(text: string): Answer<string> {
  return /^[a-z0-9-]+$/.test(text) ? { value: text } : { expected: "a region such as eu-central-1" };
}

export function readImage(text: string): Answer<string> {
  return /^[A-Za-z0-9][\w./:@-]*$/.test(text)
    ? { value: text }
    : { expected: "an image such as debian:12 or ghcr.io/me/lab:latest" };
}

export function readUser(text: string): Answer<string> {
  return /^[^:\s-][^:\s]*$/.test(text)
    ? { value: text }
    : { expected: "a user's name or number in the image" };
}

export const engineChoices: readonly EngineChoice[] = ["auto", ...engineNames];

export function readEngine(text: string): Answer<EngineChoice> {
  const found = engineChoices.find((name) => name === text);
  return found === undefined ? { expected: engineChoices.join(", ") } : { value: found };
}

/** A Dockerfile's path, or that of its folder, from the project's folder. */
export function readBuildPath(text: string): Answer<string> {
  return /^(?!\/|~)(?!(?:.*\/)?\.\.(?:\/|$))\S.*$/.test(text)
    ? { value: text }
    : { expected: "the path of a Dockerfile below the project's folder" };
}
