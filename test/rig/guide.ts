import { readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { newFolder } from "./folder.js";
import { bin, type Ended, type Host, run } from "./host.js";
import { repository } from "./root.js";

/** A worked example of a document: its files by path, as written there, and the commands to type, one text a block. */
export interface Example {
  readonly files: ReadonlyMap<string, string>;
  readonly commands: readonly string[];
}

/** Returns the example below a heading. A line "`path` …:" before a block names its file; `sh` without one is typed. */
export function exampleOf(page: string, title: string): Example {
  const text = readFileSync(join(repository, "docs", page), "utf8");
  const section = text.split(/^#{2,3} /m).find((part) => part.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`docs/${page} has no section "${title}"`);
  const files = new Map<string, string>();
  const commands: string[] = [];
  const blocks = /^(?:`([^`]+)`[^\n]*:\n\n)?```(\w+)\n([^]*?)^```$/gm;
  for (const [, path, language, content = ""] of section.matchAll(blocks)) {
    if (path !== undefined) files.set(path, content);
    else if (language === "sh") commands.push(content);
  }
  return { files, commands };
}

/** Writes the files of an example into a project; returns its commands. */
export async function copyExample(host: Host, page: string, title: string): Promise<readonly string[]> {
  const { files, commands } = exampleOf(page, title);
  for (const [path, content] of files) await put(host.path(path), content);
  return commands;
}

/** Writes a file and the folders above it; a script with `#!` is executable. */
export async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, content.startsWith("#!") ? 0o755 : 0o644);
}

/** A folder with `tazpod` and stand-ins for programs, each a shell script. */
export async function programs(standIns: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await newFolder("bin");
  await chmod(folder, 0o755);
  await put(join(folder, "tazpod"), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  for (const [name, script] of Object.entries(standIns))
    await put(join(folder, name), `#!/bin/sh\n${script}\n`);
  return folder;
}

/** Types commands in a project, with these programs on the PATH; `-e` ends at the first that fails. */
export function type(
  host: Host,
  commands: string | undefined,
  path: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  if (commands === undefined) throw new Error("the example has no such commands");
  return run("sh", ["-e", "-c", commands], {
    cwd: host.folder,
    env: { ...host.env, PATH: `${path}:${process.env["PATH"]}`, ...env },
  });
}
