import type { ConfigFile } from "../../generated/config.js";
import type { JsoncDocument, Path } from "./jsonc-document.js";

type Mount = NonNullable<ConfigFile["mounts"]>[number];

type ReadMount =
  | { readonly mount: Mount; readonly target: string }
  | { readonly why: string; readonly target: string };

/**
 * Reads a mount, written as a string for Docker's `--mount` or as a map. Undefined for anything else, which becomes a
 * problem of the document.
 */
export function readMount(document: JsoncDocument, path: Path): ReadMount | undefined {
  const fields = document.isMap(path) ? fieldsOfMap(document, path) : fieldsOfText(document.text(path));
  if (fields === undefined) return undefined;
  const get = (...names: readonly string[]): string | undefined =>
    names.map((name) => fields.get(name)).find((value) => value !== undefined);
  const target = inContainer(get("target", "dst", "destination") ?? "");
  // as in Docker, the default type is volume
  const type = get("type") ?? "volume";
  if (type !== "bind") return { target, why: `type=${type}; only bind is supported` };
  const source = onHost(get("source", "src") ?? "");
  if (source === "" || source.includes("${"))
    return {
      target,
      why: `its source ${JSON.stringify(get("source", "src") ?? "")} is not known on this host`,
    };
  const readOnly = get("readonly", "ro");
  const isReadOnly = readOnly !== undefined && readOnly !== "false" && readOnly !== "0";
  return { target, mount: { source, target, ...(isReadOnly ? { read_only: true } : {}) } };
}

function fieldsOfMap(document: JsoncDocument, path: Path): ReadonlyMap<string, string> {
  return new Map(document.keys(path).map((key) => [key, String(document.scalar([...path, key]))]));
}

/** Splits `key=value` or `key`, separated by commas. */
function fieldsOfText(text: string | undefined): ReadonlyMap<string, string> | undefined {
  if (text === undefined) return undefined;
  return new Map(
    text.split(",").map((field) => {
      const [name = "", ...value] = field.trim().split("=");
      return [name.toLowerCase(), value.length === 0 ? "true" : value.join("=")];
    }),
  );
}

/** Returns the source as a path that works on every host: relative to the project, or below the home. */
function onHost(source: string): string {
  return source
    .replaceAll("${localEnv:USERPROFILE}", "")
    .replace(/^\$\{localWorkspaceFolder\}(?=\/|$)/, ".")
    .replace(/^\$\{localEnv:HOME\}(?=\/|$)/, "~");
}

function inContainer(target: string): string {
  return target.replaceAll("${containerWorkspaceFolder}", "/workspace").replace(/(?<=.)\/$/, "");
}
