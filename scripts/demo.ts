/**
 * `npm run demo`: the trip of a nomad, for real. Two folders stand for two hosts. The container is a real one where Docker
 * or podman runs one, else a namespace of this host or a plain process; the remote is a bucket where an S3 server is named (TAZPOD_TEST_S3, of
 * test/services/rgw.sh), else a third folder. Every command is shown as it is run, with what it prints. Fails when the
 * secret did not arrive, or when anything was left open.
 */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  chmodSync,
  chownSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openEngine } from "../lib/engine/choose-engine.js";
import type { EngineName } from "../lib/engine/engine.js";
import { explain, failureText } from "../lib/failure/explain.js";

const bin = fileURLToPath(new URL("../bin/tazpod.js", import.meta.url));
const makeImage = fileURLToPath(new URL("../../images/test-image.sh", import.meta.url));
const image = "tazpod-demo:1";
const folder = mkdtempSync(join(tmpdir(), "tazpod-demo-"));
const containers = ["a", "b"].map((host) => `tazpod-demo-${process.pid}-${host}`);

class Stopped extends Error {}

function tell(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

/** Runs tazpod in a host's folder, shows its output as a terminal would, and returns it. */
function tazpod(host: string, ...args: string[]): string {
  const shown = args.map((word) => (/[^\w./:=-]/.test(word) ? `'${word}'` : word)).join(" ");
  process.stdout.write(`  host-${host}$ tazpod ${shown}\n`);
  // one stream for stdout and stderr, in order
  const argv = ["-c", 'exec "$@" 2>&1', "sh", process.execPath, bin, ...args];
  const done = spawnSync("sh", argv, {
    cwd: join(folder, `host-${host}`),
    encoding: "utf8",
    // each host has its own record of trust
    env: { ...process.env, XDG_STATE_HOME: join(folder, `state-${host}`) },
  });
  for (const line of done.stdout.split("\n")) if (line !== "") process.stdout.write(`    ${line}\n`);
  if (done.status !== 0) throw new Stopped(`tazpod ended with exit code ${done.status}`);
  return done.stdout;
}

function ensure(condition: boolean, what: string): void {
  if (!condition) throw new Stopped(what);
}

/** Chooses Docker or podman if an image can be built and run, else a namespace, else a plain process. */
async function chooseEngine(): Promise<EngineName> {
  for (const name of ["docker", "podman"] as const) {
    const made = spawnSync(makeImage, [image, "--engine", name], { encoding: "utf8" });
    const ran = made.status === 0 && run(name, "run", "--rm", "--network", "none", image, "true");
    if (ran !== false && ran.status === 0) return name;
    const why = run(name, "version").status === 0 ? (ran || made).stderr : run(name, "version").stderr;
    tell(`Not using ${name}: ${firstLine(why) ?? "it is not installed"}`);
  }
  for (const name of ["namespace", "process"] as const) {
    const version = await (await openEngine(name)).version();
    if (version.ok) {
      if (name === "process")
        tell("The shell runs as a plain process, without isolation. The container is left out.");
      return name;
    }
    tell(`Not using ${name}: ${explain(version.failure).message}`);
  }
  throw new Stopped("no engine is available");
}

function run(program: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(program, args, { encoding: "utf8" });
}

const firstLine = (text: string | null): string | undefined => text?.trim().split("\n")[0] || undefined;

/** Returns config lines. */
function remote(): string {
  const endpoint = process.env["TAZPOD_TEST_S3"];
  if (endpoint === undefined) return `remote: file://${join(folder, "remote")}/vault.tar.aes\n`;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "RGWTESTKEY", AWS_SECRET_ACCESS_KEY: "RGWTESTSECRET" });
  return `remote:\n  url: s3://tazpod-demo-${process.pid}/tazpod/vault/vault.tar.aes\n  endpoint: ${endpoint}\n`;
}

function configure(): void {
  const config = join(folder, "host-a", ".tazpod", "config.yaml");
  const text = readFileSync(config, "utf8")
    .replace(/^image: .*$/m, `image: ${image}`)
    .replace(/^container_name: .*$/m, `container_name: ${containers[0]}`)
    .replace(/^remote:\n(?: .*\n)+/m, remote());
  writeFileSync(config, text);
}

async function play(): Promise<void> {
  process.env["TAZPOD_ENGINE"] ??= await chooseEngine();
  for (const name of ["host-a", "host-b", "remote"]) mkdirSync(join(folder, name));
  // in a namespace started by root, programs run as the project's owner, who must not be root
  if (process.env["TAZPOD_ENGINE"] === "namespace" && process.getuid?.() === 0)
    for (const host of ["host-a", "host-b"]) chownSync(join(folder, host), 1000, 1000);
  // the container's user is not the user who runs this
  chmodSync(folder, 0o755);
  const pass = join(folder, "passphrase");
  writeFileSync(pass, "a passphrase for the demo\n", { mode: 0o600 });
  const answered = ["--yes", "--passphrase-file", pass];

  tell("Create a project on host A. (Its image and remote are then replaced by ones that need no network.)");
  tazpod("a", "init");
  configure();

  tell("A project's overrides have no effect until they are trusted on the host.");
  tazpod("a", "trust", "--yes");

  if (process.env["TAZPOD_TEST_S3"] !== undefined) {
    tell("Create the bucket, private and encrypted.");
    tazpod("a", "run", "setup-storage", "--yes");
  }

  tell("Show what `tazpod enter` would do.");
  tazpod("a", "plan", "enter");

  tell("Enter: start a container and create a vault, with its content in RAM; then save, lock and push it.");
  tazpod(
    "a",
    "enter",
    ...answered,
    "--",
    "sh",
    "-c",
    "echo s3cret-of-the-demo > ~/secrets/token; ls ~/secrets",
  );

  tell("Host B has a checkout of the project without a vault. Entering pulls it from the remote.");
  cpSync(join(folder, "host-a", ".tazpod", "config.yaml"), join(folder, "host-b", ".tazpod", "config.yaml"), {
    recursive: true,
  });
  const config = join(folder, "host-b", ".tazpod", "config.yaml");
  writeFileSync(config, readFileSync(config, "utf8").replace(containers[0] ?? "", containers[1] ?? ""));
  tazpod("b", "trust", "--yes");
  const found = tazpod("b", "enter", ...answered, "--", "sh", "-c", "cat ~/secrets/token");
  ensure(found.split("\n").includes("s3cret-of-the-demo"), "the secret did not arrive on host B");

  tell("Plan again: the vault is local now, so the remote is not needed.");
  tazpod("b", "plan", "enter");
  tazpod("b", "status");

  for (const [index, container] of containers.entries()) {
    const left = await lookInto(container, `state-${index === 0 ? "a" : "b"}`);
    ensure(left === "", `something was left open in ${container}: ${left}`);
  }
  for (const host of ["a", "b"]) {
    const vault = join(folder, `host-${host}`, ".tazpod", "vault", "vault.tar.aes");
    ensure(
      existsSync(vault) && !readFileSync(vault).includes("s3cret-of-the-demo"),
      `${vault} is not sealed`,
    );
    tazpod(host, "down");
  }
  tell(
    "The secret went from host A to host B. It was only in RAM and, sealed, on disk; nothing was left open.",
  );
}

async function removeContainers(): Promise<void> {
  const engine = await openEngine((process.env["TAZPOD_ENGINE"] ?? "namespace") as EngineName);
  for (const host of ["a", "b"]) {
    process.env["XDG_STATE_HOME"] = join(folder, `state-${host}`);
    await engine.remove(containers[host === "a" ? 0 : 1] ?? "");
  }
}

/** Lists the RAM folder of a container through the engine, without tazpod. */
async function lookInto(container: string, state: string): Promise<string> {
  process.env["XDG_STATE_HOME"] = join(folder, state);
  const engine = await openEngine(process.env["TAZPOD_ENGINE"] as EngineName);
  const done = await engine.exec(container, ["sh", "-c", "ls -A ~/secrets"], { user: "tazpod" });
  if (!done.ok) return failureText(done.failure);
  return `${done.value.stdout.toString()}${done.value.stderr}`;
}

try {
  await play();
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
  process.stderr.write(`\nThe demo failed: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  await removeContainers();
  rmSync(folder, { recursive: true, force: true });
}
