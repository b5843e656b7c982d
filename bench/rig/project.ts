import { spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, passphrase, time } from "./measure.js";
import { bin, image, type Rig } from "./rig.js";

/** A project on this host, trusted. */
export interface Project {
  readonly root: string;
  readonly container: string;
  readonly vault: string;
  /** A command of tazpod. */
  tazpod(...args: readonly string[]): Command;
  /** One that also gets the passphrase. */
  withPassphrase(...args: readonly string[]): Command;
  /** One that also answers all questions. */
  run(...args: readonly string[]): Command;
}

interface Options {
  readonly settings?: string;
  readonly recipe?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Creates a project with these settings, by default without an image and a remote, in a folder of this name. */
export function newProject(rig: Rig, name: string, { settings = "", recipe, env = {} }: Options): Project {
  const root = rig.newFolder(name);
  const pass = join(rig.folder, "pass");
  writeFileSync(pass, `${passphrase}\n`, { mode: 0o600 });
  mkdirSync(join(root, ".tazpod"));
  const container = `tazpod-bench-${process.pid}-${name}`;
  const remote = settings.includes("remote:") ? "" : "remote: none\n";
  writeFileSync(join(root, ".tazpod", "config.yaml"), `container_name: ${container}\n${remote}${settings}`);
  if (recipe !== undefined) writeFileSync(join(root, "tazpod.tasks.yaml"), recipe);
  const tazpod = (...args: readonly string[]): Command => ({
    argv: [process.execPath, bin, ...args],
    cwd: root,
    env,
  });
  time(tazpod("trust", "--yes"));
  const withPassphrase = (...args: readonly string[]): Command => tazpod(...args, "--passphrase-file", pass);
  const run = (...args: readonly string[]): Command =>
    tazpod("run", "--yes", "--passphrase-file", pass, ...args);
  const vault = join(root, ".tazpod", "vault", "vault.tar.aes");
  return { root, container, vault, tazpod, withPassphrase, run };
}

/** Creates a project whose sessions run on an engine; its container is removed at the end of the bench. */
export function newSessionProject(
  rig: Rig,
  name: string,
  engine: "docker" | "namespace" | "process",
  options: Options = {},
): Project {
  const user = "user: tazpod\nshell: [sh]\n";
  const settings = `engine: ${engine}\nimage: ${image}\n${user}${options.settings ?? ""}`;
  const project = newProject(rig, name, { ...options, settings });
  // as root, programs in a namespace run as the project's owner
  if (engine === "namespace" && process.getuid?.() === 0) chownSync(project.root, 1000, 1000);
  rig.atEnd(() => {
    if (engine === "docker") removeContainer(project.container);
    else time(project.run("down"));
  });
  return project;
}

/** Whether Docker answers and has the image; else what needs it is skipped. */
export function hasDocker(rig: Rig, what: string): boolean {
  const { status } = spawnSync("docker", ["image", "inspect", image], { stdio: "ignore" });
  if (status !== 0) rig.skip(what, `no Docker here, or no image ${image}: images/test-image.sh`);
  return status === 0;
}

/** A command in the container of a project. */
export function inContainer({ container, root }: Project, ...argv: readonly string[]): Command {
  return { argv: ["docker", "exec", "--user", "tazpod", container, ...argv], cwd: root };
}

export function removeContainer(name: string): void {
  spawnSync("docker", ["rm", "--force", name], { stdio: "ignore" });
}

/** Holds a vault open by a session that `enter` opens, as for the second terminal, while `work` runs. */
export async function whileOpen<T>(enter: Command, work: () => T | Promise<T>): Promise<T> {
  const holder = session(enter, "echo open; cat");
  try {
    await holder.printed;
    return await work();
  } finally {
    holder.end();
    await holder.ended;
  }
}

/** Runs a session whose shell runs this script; returns the time from the shell's end to the end of tazpod, in ms. */
export async function exitTime(enter: Command, script: string): Promise<number> {
  const { printed, ended, end } = session(enter, `${script}\necho end`);
  end();
  await printed;
  const start = performance.now();
  await ended;
  return performance.now() - start;
}

/** Starts a session; `printed` resolves when its shell first prints something, `ended` when tazpod has ended. */
function session(
  { argv, cwd, env }: Command,
  script: string,
): { printed: Promise<void>; ended: Promise<void>; end: () => void } {
  const [program = "", ...rest] = [...argv, "--", "sh", "-c", script];
  const child = spawn(program, rest, { cwd, env: { ...process.env, ...env }, stdio: "pipe" });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = new Promise<void>((resolve, reject) =>
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${argv.join(" ")} ended with ${code}: ${errors}`)),
    ),
  );
  const printed = new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("close", () => reject(new Error(`${argv.join(" ")} ended: ${errors}`)));
  });
  return { printed, ended, end: () => child.stdin.end() };
}
