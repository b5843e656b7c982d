import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { ConfigFile } from "../generated/config.js";
import type { ContainerSettings } from "./types.js";

export function completeContainerSettings(file: ConfigFile, root: string): ContainerSettings {
  return {
    bridges: outermost(file.bridges ?? [".aws"]),
    ports: [...new Set((file.ports ?? []).map(published))],
    mounts: (file.mounts ?? []).map(({ source, target, read_only: readOnly = false }) => ({
      source: onHost(source, root),
      target,
      readOnly,
    })),
    env: Object.fromEntries(Object.entries(file.env ?? {}).map(([name, value]) => [name, String(value)])),
  };
}

/** What lies below another one is reached by that. */
function outermost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => !paths.some((above) => path.startsWith(`${above}/`)));
}

/** Only this host reaches what names no address. */
function published(port: string | number): string {
  const [ports = "", protocol = "tcp"] = String(port).split("/");
  const both = ports.includes(":") ? ports : `${ports}:${ports}`;
  const hasAddress = both.replace(/^\[.*\]/, "").split(":").length === 3;
  return `${hasAddress ? both : `127.0.0.1:${both}`}/${protocol}`;
}

function onHost(path: string, root: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : resolve(root, path);
}
