import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, type Command, type Row } from "./compare.js";

const bin = fileURLToPath(new URL("../bin/tazpod.js", import.meta.url));
const endpoint = process.env["TAZPOD_BENCH_S3"] ?? "";
const bucket = `tazpod-bench-${Date.now()}`;
const key = "tazpod/vault/vault.tar.aes";
const mebibyte = 1024 ** 2;

/** The key of test/services/rgw.sh, for every compared program. */
const env = {
  AWS_ACCESS_KEY_ID: "RGWTESTKEY",
  AWS_SECRET_ACCESS_KEY: "RGWTESTSECRET",
  // rclone cannot use one, and nothing here uses TLS
  AWS_CA_BUNDLE: "",
  AWS_REGION: "eu-central-1",
  AWS_DEFAULT_REGION: "eu-central-1",
  RCLONE_CONFIG_BENCH_TYPE: "s3",
  RCLONE_CONFIG_BENCH_PROVIDER: "Ceph",
  RCLONE_CONFIG_BENCH_ENV_AUTH: "true",
  RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
  RCLONE_CONFIG_BENCH_REGION: "eu-central-1",
};

/**
 * Compares push and pull of vaults of these sizes with awscli and rclone of Debian. Writes many GiB, so it only uses a
 * gateway that was named for it.
 */
export async function sync(folder: string): Promise<Row[]> {
  const why = await leftOut();
  if (why !== undefined) {
    process.stdout.write(`skipped: push and pull (${why})\n`);
    return [];
  }
  const cwd = join(folder, "sync");
  const vaultFolder = join(cwd, ".tazpod", "vault");
  mkdirSync(vaultFolder, { recursive: true, mode: 0o700 });
  const config = `remote:\n  url: s3://${bucket}/${key}\n  endpoint: ${endpoint}\nvault:\n  retention: 1\n`;
  writeFileSync(join(cwd, ".tazpod", "config.yaml"), config);
  run({ argv: [process.execPath, bin, "trust", "--yes"], cwd, env });
  run(tazpod(cwd, "--yes", "setup-storage"));
  const rows: Row[] = [];
  for (const { name, bytes, rounds } of [
    { name: "64 MiB", bytes: 64 * mebibyte, rounds: 7 },
    { name: "1 GiB", bytes: 1024 * mebibyte, rounds: 3 },
  ]) {
    const vault = join(vaultFolder, "vault.tar.aes");
    fill(vault, bytes);
    const change = (): void => touch(vault);
    const forget = (): void => {
      rmSync(vault, { force: true });
      rmSync(join(vaultFolder, "state.json"), { force: true });
    };
    const push = { ...tazpod(cwd, "push"), before: change };
    const pull = { ...tazpod(cwd, "pull"), before: forget };
    for (const [program, up, down] of others(cwd, vault, join(cwd, "copy"))) {
      fill(vault, bytes);
      rows.push(compare(`tazpod push, ${name}`, push, program, up, 1.1, rounds));
      rows.push(compare(`tazpod pull, ${name}`, pull, program, down, 1.1, rounds));
    }
    rmSync(join(cwd, "copy"), { force: true });
  }
  return rows;
}

function tazpod(cwd: string, ...argv: readonly string[]): Command {
  return { argv: [process.execPath, bin, "run", ...argv], cwd, env };
}

function others(cwd: string, vault: string, copy: string): readonly [string, Command, Command][] {
  const aws = (...argv: string[]): Command => ({
    argv: ["/usr/bin/aws", "--endpoint-url", endpoint, "s3", "cp", "--quiet", ...argv],
    cwd,
    env,
  });
  const rclone = (...argv: string[]): Command => ({
    argv: ["/usr/bin/rclone", "--config", "/dev/null", "--ignore-times", "copyto", ...argv],
    cwd,
    env,
  });
  // its own object, of the same size
  const object = `${bucket}/other/vault.tar.aes`;
  return [
    ["aws s3 cp", aws(vault, `s3://${object}`), aws(`s3://${object}`, copy)],
    ["rclone copyto", rclone(vault, `bench:${object}`), rclone(`bench:${object}`, copy)],
  ];
}

async function leftOut(): Promise<string | undefined> {
  if (endpoint === "")
    return "it needs an S3 server of its own: RGW_BYTES=12884901888 test/services/rgw.sh up DIR, and its address in TAZPOD_BENCH_S3";
  for (const program of ["/usr/bin/aws", "/usr/bin/rclone"])
    if (spawnSync(program, ["--version"], { stdio: "ignore" }).status !== 0)
      return `no ${program}: Debian's packages awscli and rclone`;
  const answers = await fetch(endpoint, { signal: AbortSignal.timeout(5000) }).then(
    () => true,
    () => false,
  );
  return answers ? undefined : `no S3 server at ${endpoint}: test/services/rgw.sh up`;
}

function run({ argv: [program = "", ...rest], cwd, env }: Command): void {
  const { status, stderr } = spawnSync(program, rest, { cwd, env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${rest.join(" ")} ended with ${status}: ${stderr.toString()}`);
}

/** Random bytes, like a sealed vault. */
function fill(path: string, bytes: number): void {
  const file = openSync(path, "w", 0o600);
  const block = randomBytes(mebibyte);
  for (let done = 0; done < bytes; done += mebibyte) {
    createHash("sha256").update(String(done)).digest().copy(block);
    writeSync(file, block);
  }
  closeSync(file);
}

/** Changes a few bytes: another vault of the same size. */
function touch(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, randomBytes(32), 0, 32, 4096);
  closeSync(file);
}
