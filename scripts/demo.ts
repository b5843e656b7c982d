/**
 * `npm run demo`: the trip of a nomad, for real. Two folders stand for two hosts, a third for the remote; the container
 * is a real one, of a real engine. Every command is shown as it is run, with what it prints. Fails when the secret did
 * not arrive, or when anything was left open.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../bin/tazpod.js", import.meta.url));
const makeImage = fileURLToPath(new URL("../../test/services/test-image.sh", import.meta.url));
const image = "tazpod-demo:1";
const folder = mkdtempSync(join(tmpdir(), "tazpod-demo-"));
const containers = ["a", "b"].map((host) => `tazpod-demo-${process.pid}-${host}`);

class Stopped extends Error {}

function tell(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

/** Runs tazpod in a host's folder and shows it as a terminal would; returns that. */
function tazpod(host: string, ...args: string[]): string {
  const shown = args.map((word) => (/[^\w./:=-]/.test(word) ? `'${word}'` : word)).join(" ");
  process.stdout.write(`  host-${host}$ tazpod ${shown}\n`);
  // both streams in one, so that they come in their order
  const argv = ["-c", 'exec "$@" 2>&1', "sh", process.execPath, bin, ...args];
  const done = spawnSync("sh", argv, {
    cwd: join(folder, `host-${host}`),
    encoding: "utf8",
    // what is trusted is noted on each host
    env: { ...process.env, XDG_STATE_HOME: join(folder, `state-${host}`) },
  });
  for (const line of done.stdout.split("\n")) if (line !== "") process.stdout.write(`    ${line}\n`);
  if (done.status !== 0) throw new Stopped(`tazpod ended with exit code ${done.status}`);
  return done.stdout;
}

function ensure(condition: boolean, what: string): void {
  if (!condition) throw new Stopped(what);
}

function provideImage(): void {
  const version = spawnSync("docker", ["version", "--format", "{{.Server.Version}}"], { encoding: "utf8" });
  if (version.status !== 0) {
    throw new Stopped(
      `this demo needs Docker, and it does not answer: ${version.stderr?.trim() || "there is no docker on PATH"}`,
    );
  }
  if (spawnSync("docker", ["image", "inspect", image], { stdio: "ignore" }).status === 0) return;
  const made = spawnSync(makeImage, [image], { encoding: "utf8" });
  if (made.status !== 0) throw new Stopped(`the demo's image could not be made: ${made.stderr.trim()}`);
}

function configure(): void {
  const config = join(folder, "host-a", ".tazpod", "config.yaml");
  const text = readFileSync(config, "utf8")
    .replace(/^image: .*$/m, `image: ${image}`)
    .replace(/^container_name: .*$/m, `container_name: ${containers[0]}`)
    .replace(/^remote:\n(?: .*\n)+/m, `remote: file://${join(folder, "remote")}/vault.tar.aes\n`);
  writeFileSync(config, text);
}

function play(): void {
  provideImage();
  for (const name of ["host-a", "host-b", "remote"]) mkdirSync(join(folder, name));
  // the container's user is not the one who runs this
  chmodSync(folder, 0o755);
  const pass = join(folder, "passphrase");
  writeFileSync(pass, "a passphrase for the demo\n", { mode: 0o600 });
  const answered = ["--yes", "--passphrase-file", pass];

  tell("A project is made on host A. (Its image and remote are then set to ones that need no network.)");
  tazpod("a", "init");
  configure();

  tell(
    "Nothing that a project says for itself is run, or run in, before somebody on the host has said yes to it.",
  );
  tazpod("a", "trust", "--yes");

  tell("What would entering do?");
  tazpod("a", "plan", "enter");

  tell("Enter: a container, a new vault, its content in RAM; then saved, locked and pushed.");
  tazpod(
    "a",
    "enter",
    ...answered,
    "--",
    "sh",
    "-c",
    "echo s3cret-of-the-demo > ~/secrets/token; ls ~/secrets",
  );

  tell("Host B has a checkout of the project, which holds no vault. Entering brings it from the remote.");
  cpSync(join(folder, "host-a", ".tazpod", "config.yaml"), join(folder, "host-b", ".tazpod", "config.yaml"), {
    recursive: true,
  });
  const config = join(folder, "host-b", ".tazpod", "config.yaml");
  writeFileSync(config, readFileSync(config, "utf8").replace(containers[0] ?? "", containers[1] ?? ""));
  tazpod("b", "trust", "--yes");
  const found = tazpod("b", "enter", ...answered, "--", "sh", "-c", "cat ~/secrets/token");
  ensure(found.split("\n").includes("s3cret-of-the-demo"), "the secret did not arrive on host B");

  tell("And again: the vault is here now, so nothing is asked of the remote.");
  tazpod("b", "plan", "enter");
  tazpod("b", "status");

  for (const container of containers) {
    const left = spawnSync("docker", ["exec", "--user", "tazpod", container, "sh", "-c", "ls -A ~/secrets"], {
      encoding: "utf8",
    });
    ensure(
      left.status === 0 && left.stdout === "",
      `something was left open in ${container}: ${left.stdout}${left.stderr}`,
    );
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
    "The secret went from host A to host B. It was only ever in RAM and, sealed, on disk; nothing was left open.",
  );
}

try {
  play();
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
  process.stderr.write(`\nThe demo failed: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  spawnSync("docker", ["rm", "-f", ...containers], { stdio: "ignore" });
  rmSync(folder, { recursive: true, force: true });
}
