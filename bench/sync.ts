import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { projectState } from "../lib/host/project-state.js";
import { byTurns, type Command, MiB, time } from "./rig/measure.js";
import { newProject } from "./rig/project.js";
import type { Rig } from "./rig/rig.js";
import type { Row, Target } from "./rig/rows.js";
import { noS3, s3Environment, s3Settings, setUpBucket } from "./rig/s3.js";

interface Size {
  readonly name: string;
  readonly mebibytes: number;
  readonly rounds: number;
  readonly aws: Target;
  readonly rclone: Target;
}

const sizes: readonly Size[] = [
  { name: "16 MiB", mebibytes: 16, rounds: 5, aws: {}, rclone: {} },
  { name: "64 MiB", mebibytes: 64, rounds: 7, aws: { ratio: 0.6 }, rclone: { moreMs: 300 } },
  { name: "256 MiB", mebibytes: 256, rounds: 3, aws: {}, rclone: {} },
  { name: "1 GiB", mebibytes: 1024, rounds: 3, aws: { ratio: 1 }, rclone: { ratio: 1 } },
];

/**
 * Measures push and pull next to awscli and rclone of Debian. Writes many GiB, so it only uses a gateway that was named
 * for it.
 */
export async function* sync(rig: Rig): AsyncGenerator<Row> {
  const endpoint = process.env["TAZPOD_BENCH_S3"];
  const own =
    "TAZPOD_BENCH_S3 names no S3 server of its own: RGW_BYTES=12884901888 test/services/rgw.sh up DIR";
  const why = endpoint === undefined ? own : await noS3(endpoint);
  if (endpoint === undefined || why !== undefined) {
    rig.skip("push and pull", why ?? "");
    return;
  }
  if (!rig.hasPrograms("push and pull", "/usr/bin/aws", "/usr/bin/rclone")) return;
  const bucket = `tazpod-bench-${Date.now()}`;
  const env = s3Environment(endpoint);
  const settings = `${s3Settings(endpoint, bucket)}vault: { retention: 1, size: 2g }\n`;
  const project = newProject(rig, "sync", { settings, env });
  const { root, vault } = project;
  mkdirSync(dirname(vault), { recursive: true, mode: 0o700 });
  setUpBucket(project);
  const forget = (): void => {
    rmSync(vault, { force: true });
    rmSync(stateFile(vault), { force: true });
  };
  // their own object, of the same size
  const [object, copy] = [`${bucket}/other/vault.tar.aes`, join(root, "copy")];
  const cp = ["/usr/bin/aws", "--endpoint-url", endpoint, "s3", "cp", "--quiet"];
  const copyto = ["/usr/bin/rclone", "--config", "/dev/null", "--ignore-times", "copyto"];
  const command = (argv: readonly string[]): Command => ({ argv, cwd: root, env });
  for (const { name, mebibytes, rounds, aws, rclone } of sizes) {
    fill(vault, mebibytes);
    const push = await byTurns(rounds, {
      aws: () => time(command([...cp, vault, `s3://${object}`])),
      rclone: () => time(command([...copyto, vault, `bench:${object}`])),
      tazpod: () => time({ ...project.run("push"), before: () => reseal(vault) }),
    });
    const pull = await byTurns(rounds, {
      aws: () => time(command([...cp, `s3://${object}`, copy])),
      rclone: () => time(command([...copyto, `bench:${object}`, copy])),
      tazpod: () => time({ ...project.run("pull"), before: forget }),
    });
    for (const [what, ours, found, plot] of [
      [`tazpod push, ${name}`, push.tazpod, push, "push-size"],
      [`tazpod pull, ${name}`, pull.tazpod, pull, "pull-size"],
    ] as const) {
      yield { what, than: "aws s3 cp", ours, base: found.aws, target: aws };
      const at = { plot: { name: plot, at: mebibytes } };
      yield { what, than: "rclone copyto", ours, base: found.rclone, target: rclone, ...at };
    }
    rmSync(copy, { force: true });
  }
}

/** Random bytes, like a sealed vault. */
function fill(path: string, mebibytes: number): void {
  const file = openSync(path, "w", 0o600);
  const block = randomBytes(MiB);
  for (let index = 0; index < mebibytes; index++) {
    createHash("sha256").update(String(index)).digest().copy(block);
    writeSync(file, block);
  }
  closeSync(file);
}

/** What this host remembers about a vault. */
function stateFile(vault: string): string {
  return join(projectState(dirname(vault)), "state.json");
}

/** Changes a few bytes: another vault of the same size, recorded as one that this host sealed. */
function reseal(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, randomBytes(32), 0, 32, 4096);
  closeSync(file);
  const record = stateFile(path);
  const state = existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as object) : { version: 1 };
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  const sealed = { sha256, generation: Date.now(), content: sha256 };
  mkdirSync(dirname(record), { recursive: true, mode: 0o700 });
  writeFileSync(record, JSON.stringify({ ...state, sealed }));
}
