import { execFile, spawn } from "node:child_process";
import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { runsOnThisHost, openEngine } from "../../lib/engine/choose-engine.js";
import { projectState } from "../../lib/host/project-state.js";
import { engineNames } from "../../lib/engine/engine.js";
import { newFolder } from "./folder.js";
import { Pty } from "./pty.js";
import { value } from "./result.js";
import { repository } from "./root.js";

const execute = promisify(execFile);

export const bin = `${repository}dist/bin/tazpod.js`;
/** The same in a shell, for a checkout in any folder. */
export const shellBin = `'${process.execPath}' '${bin}'`;
export const testImage = process.env["TAZPOD_TEST_IMAGE"] ?? "tazpod-test:1";
/** The engine of this file's containers, chosen by the runner. */
export const engineName = engineNames.find((name) => name === process.env["TAZPOD_ENGINE"]) ?? "docker";
export const passphrase = "correct horse battery";
/** For suites that open and close many vaults: deriving the key takes a fraction of age's time. */
export const quick = "vault: { format: v1 }\n";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whether programs inside are this host's own. */
const isThisHost = runsOnThisHost(engineName);

/** Settings of pods for a node that has the image, and may have more pods than CPUs. */
export const podSettings = "image_pull_policy: Never, requests: { cpu: 0 }";

/** Settings that a suite for any engine needs. On this host the shell is root's, and configured by its owner. */
function engineSettings(more: string): string {
  if (engineName === "kubernetes" && !/^kubernetes:/m.test(more)) return `kubernetes: { ${podSettings} }\n`;
  if (!isThisHost) return "";
  const env = /^env:/m.test(more) ? "" : 'env: { PS1: "$ " }\n';
  return `${/^shell:/m.test(more) ? "" : "shell: [sh]\n"}${env}`;
}

let count = 0;
const made: Host[] = [];

/** Returns a name that no other test on this machine uses. */
export function uniqueName(): string {
  count += 1;
  return `tz-test-${process.pid}-${count}`;
}

/** A "host": a folder with a project, and its own container name. */
export class Host {
  readonly folder: string;
  readonly container: string;
  readonly env: Record<string, string> = {};
  passphraseFile = "";

  private constructor(folder: string, container: string) {
    this.folder = folder;
    this.container = container;
    made.push(this);
  }

  /** Creates a folder with only a config with this remote; without one if `config` is null. */
  static async make(
    config: { readonly remote?: string; readonly more?: string } | null,
    name = "host",
  ): Promise<Host> {
    const folder = await newFolder(name);
    // the container's user differs from the user who runs the tests
    await chmod(folder, 0o755);
    // in a namespace, programs run as the project's owner, not as root
    if (engineName === "namespace" && process.getuid?.() === 0) await chown(folder, 1000, 1000);
    const host = new Host(folder, uniqueName());
    // suites for any engine have no namespace of their own yet
    if (engineName === "kubernetes" && process.env["TAZPOD_KUBECTL"] === undefined)
      await (await import("./kubernetes.js")).sessionNamespace();
    host.passphraseFile = join(await newFolder("pass"), "pass");
    await writeFile(host.passphraseFile, `${passphrase}\n`, { mode: 0o600 });
    if (config) await host.configure(config.remote ?? "none", config.more ?? "");
    return host;
  }

  async configure(remote: string, more = ""): Promise<void> {
    await mkdir(join(this.folder, ".tazpod"), { recursive: true });
    const text = `image: ${testImage}\ncontainer_name: ${this.container}\nuser: tazpod\nghost_mode: true\nremote: ${remote}\n${more}${engineSettings(more)}`;
    await writeFile(join(this.folder, ".tazpod", "config.yaml"), text);
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** A path in this host's state of the project. */
  state(...parts: string[]): string {
    const { HOME = process.env["HOME"] ?? "" } = this.env;
    const top = this.env["XDG_STATE_HOME"] ?? join(HOME, ".local", "state");
    const id = basename(projectState(this.path(".tazpod", "vault")));
    return join(top, "tazpod", "projects", id, ...parts);
  }

  /** Removes this host's state of the project, as if the project had never been used on it. */
  async forgetState(): Promise<void> {
    await rm(this.state(), { recursive: true, force: true });
  }

  get vault(): string {
    return this.path(".tazpod", "vault", "vault.tar.aes");
  }

  /** Runs tazpod to its end, without a terminal. */
  tazpod(...args: string[]): Promise<Ended> {
    return run(process.execPath, [bin, ...args], { cwd: this.folder, env: this.env });
  }

  /** Runs `run NAME`, with the answers to all questions and the passphrase. */
  run(...args: string[]): Promise<Ended> {
    return this.tazpod("run", "--yes", "--passphrase-file", this.passphraseFile, ...args);
  }

  /** Runs `enter -- sh -c SCRIPT`, with all answers. */
  enter(script: string, ...options: string[]): Promise<Ended> {
    return this.run(...options, "enter", "--", "sh", "-c", script);
  }

  pty(...args: string[]): Pty {
    return new Pty([process.execPath, bin, ...args], { cwd: this.folder, env: this.env });
  }

  /** Returns the output of a command in the container. */
  async inside(script: string, user = "tazpod"): Promise<string> {
    const engine = await openEngine(engineName);
    // with an input it runs by itself: a shell for scripts would be a program of the container for some seconds
    const done = value(await engine.exec(this.container, ["sh", "-c", script], { user, input: "" }));
    if (done.code !== 0) throw new Error(`${script}: exit ${done.code}: ${done.stderr}`);
    return done.stdout.toString();
  }

  /** The container's id. */
  async id(): Promise<string> {
    const state = value(await (await openEngine(engineName)).inspect(this.container));
    if (state.state === "absent") throw new Error(`there is no ${this.container}`);
    return state.id;
  }

  /** The names in the secrets folder; empty if locked. */
  async secrets(): Promise<string> {
    return (await this.inside("ls -A ~/secrets")).trim();
  }

  async removeContainer(): Promise<void> {
    // not by the engine itself, which would let it finish first
    if (isThisHost || engineName === "kubernetes")
      value(await (await openEngine(engineName)).remove(this.container));
    else await execute(engineName, ["rm", "-f", this.container]).catch(() => undefined);
  }
}

/** Returns the path of a program that is tazpod. It has no blanks, unlike the words that start it may have. */
export async function binScript(): Promise<string> {
  const path = join(await newFolder("bin"), "tazpod");
  await writeFile(path, `#!/bin/sh\nexec ${shellBin} "$@"\n`, { mode: 0o755 });
  return path;
}

/** Returns how a program ended; fails unless it succeeded. */
export function fine(done: Ended): Ended {
  if (done.code !== 0) throw new Error(`exit code ${done.code}: ${done.stderr}`);
  return done;
}

/** Removes the containers of every host that was made; for an `after` hook. */
export async function removeHosts(): Promise<void> {
  Pty.endAll();
  for (const host of made) await host.removeContainer();
  if (engineName === "kubernetes") await (await import("./kubernetes.js")).removeNamespaces();
}

export async function text(path: string): Promise<string> {
  return readFile(path, "utf8");
}

export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}
