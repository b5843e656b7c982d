import { dirname, join, relative } from "node:path";
import type { ImageBuild } from "../engine/engine.js";
import { stat } from "../host/files.js";
import type { ConfigFile } from "../generated/config.js";
import { fail, ok, type Result } from "../failure/result.js";
import { type ProjectFiles, resolveInProject } from "./project-files.js";
import type { BuildSettings } from "./project.js";

const ownKeys = ["dockerfile", "context", "args", "target"] as const;

/** Returns `build` with its defaults; undefined if it is absent or only has keys of the Go command line. */
export function completeBuild({ build }: ConfigFile): BuildSettings | undefined {
  if (build === undefined) return undefined;
  if (typeof build === "string") return { dockerfile: build, args: {} };
  if (!ownKeys.some((key) => build[key] !== undefined)) return undefined;
  const { dockerfile = join(build.context ?? ".", "Dockerfile"), context, args = {}, target } = build;
  return {
    dockerfile,
    context,
    args: Object.fromEntries(Object.entries(args).map(([name, value]) => [name, String(value)])),
    target,
  };
}

/**
 * Reads the Dockerfile that the settings name, or the one in that folder, and finds its context. Reads nothing outside
 * the project, not even through a link. Failure: `setting-unusable`.
 */
export async function loadBuild(files: ProjectFiles, settings: BuildSettings): Promise<Result<ImageBuild>> {
  const { root } = files;
  const named = await stat(join(root, settings.dockerfile));
  const isFolder = named.ok && named.value?.kind === "folder";
  const dockerfile = isFolder ? join(settings.dockerfile, "Dockerfile") : settings.dockerfile;
  const file = await inside(root, dockerfile, "file");
  if (!file.ok) return file;
  const context = await inside(root, settings.context ?? dirname(dockerfile), "folder");
  if (!context.ok) return context;
  const text = await files.text(file.value);
  if (!text.ok) return unusable(`${dockerfile} cannot be read`);
  if (text.value === undefined) return unusable(`there is no file ${dockerfile}`);
  const { args, target } = settings;
  return ok({
    dockerfile: relative(root, join(root, dockerfile)),
    text: text.value,
    context: context.value,
    args,
    target,
  });
}

/** Returns the name of the built image. It changes with the Dockerfile and the settings of the build. */
export async function buildTag(container: string, root: string, build: Result<ImageBuild>): Promise<string> {
  const name = container
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
  if (!build.ok) return `tazpod-build-${name}:unusable`;
  const { createHash } = await import("node:crypto");
  const { text, context, args, target } = build.value;
  const all = [container, text, relative(root, context), Object.entries(args).toSorted(), target ?? null];
  return `tazpod-build-${name}:${createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 16)}`;
}

async function inside(root: string, path: string, kind: "file" | "folder"): Promise<Result<string>> {
  const found = await resolveInProject(root, path, kind);
  return found.ok ? ok(found.path) : unusable(found.why);
}

function unusable(detail: string): Result<never> {
  return fail({
    kind: "setting-unusable",
    setting: "build",
    detail,
    hint: "Name the Dockerfile by its path from the project's folder, or set `image` instead.",
  });
}
