import { execFile } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openEngine } from "../../lib/engine/choose-engine.js";
import { explain } from "../../lib/failure/explain.js";
import { repository } from "../rig/root.js";
import { onTmpfs } from "../rig/tmpfs.js";

const run = promisify(execFile);

/** A real S3 server of the tests, with the keys of its script in test/services. */
export interface S3Server {
  readonly endpoint: string;
  readonly key: string;
  readonly secret: string;
  readonly script: string;
  /** Whether it honours conditional writes; otherwise a remote there needs a single writer. */
  readonly honoursConditions: boolean;
}

/** The S3 servers, by the word that names them as a need: Ceph's gateway, and OpenStack Swift. */
export const s3Servers: Readonly<Record<"s3" | "swift", S3Server>> = {
  s3: {
    endpoint: process.env["TAZPOD_TEST_S3"] ?? "http://127.0.0.1:7480",
    key: "RGWTESTKEY",
    secret: "RGWTESTSECRET",
    script: "test/services/rgw.sh",
    honoursConditions: true,
  },
  swift: {
    endpoint: process.env["TAZPOD_TEST_SWIFT"] ?? "http://127.0.0.1:18180",
    key: "test:tester",
    secret: "testing",
    script: "test/services/swift.sh",
    honoursConditions: false,
  },
};

/** The S3 server of this test file: Ceph's gateway, or the one that the runner runs it on. */
export const s3Server = s3Servers[process.env["TAZPOD_TEST_ON"] === "swift" ? "swift" : "s3"];

/** The folder of the tests' Kubernetes, which test/services/kube.sh makes. */
export const kubeFolder = process.env["TAZPOD_TEST_KUBE"] ?? join(tmpdir(), "tazpod-kube");

const known = new Map<string, Promise<string | undefined>>();

/** Returns why `need` is not met, or undefined if it is. Checked once per run. */
export function missing(need: string): Promise<string | undefined> {
  const answer = known.get(need) ?? find(need);
  known.set(need, answer);
  return answer;
}

async function find(need: string): Promise<string | undefined> {
  if (need === "namespace" || need === "process") return engine(need);
  if (need === "other users")
    return answers("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "true"]);
  if (need === "mount") return mounts();
  if (need === "mount namespace") return answers("unshare", ["--mount", "true"]);
  if (need === "docker") return answers("docker", ["version", "--format", "{{.Server.Version}}"]);
  if (need === "podman" || need === "rootless podman") return podman(need);
  if (need === "s3" || need === "swift") return answering(s3Servers[need]);
  if (need === "kubernetes") return kubernetes();
  if (need === "registry") return answers("npm", ["ping"], "npm's registry");
  if (need === "root") return process.getuid?.() === 0 ? undefined : "not run as root";
  if (need === "no root") return process.getuid?.() === 0 ? "run as root" : undefined;
  return onPath(need) ? undefined : `there is no ${need} on the PATH`;
}

async function answers(program: string, args: string[], name = program): Promise<string | undefined> {
  try {
    await run(program, args, { timeout: 30_000 });
    return undefined;
  } catch (error) {
    const text = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    // it may first report what it did until then
    const lines = text.split("\n");
    const line = lines.find((line) => /^(error|\S+\.sh|\S+):/i.test(line)) ?? lines[0];
    return `${name} does not answer: ${line || String(error)}`;
  }
}

/** Tells whether podman runs a container of the test image, in the environment of its tests. */
async function podman(need: "podman" | "rootless podman"): Promise<string | undefined> {
  if (!onPath("podman")) return "there is no podman on the PATH";
  const isRoot = process.getuid?.() === 0;
  const who = need === "podman" && isRoot ? "root" : "user";
  const folder = await mkdtemp(join(tmpdir(), "tazpod-podman-"));
  const service = (name: string): string => `${repository}test/services/${name}.sh`;
  // an ordinary user must be able to read this program and run this node
  const steps =
    '"$1" -e "" && cat "$2" >/dev/null && image=$("$0" --engine podman) && exec podman --log-level error run --rm --network none "$image" true';
  const script = fileURLToPath(import.meta.url);
  const argv = ["sh", "-c", steps, `${repository}images/test-image.sh`, process.execPath, script];
  const reason = await answers(service("podman"), [who, folder, ...argv], need);
  await rm(folder, { recursive: true, force: true });
  return reason;
}

async function kubernetes(): Promise<string | undefined> {
  if (!existsSync(kubeFolder))
    return `no Kubernetes in ${kubeFolder} (start one: test/services/kube.sh up ${kubeFolder})`;
  const config = join(kubeFolder, "admin.kubeconfig");
  const args = ["--kubeconfig", config, "--request-timeout=10s", "get", "--raw", "/readyz"];
  return answers(join(kubeFolder, "kubectl"), args, `Kubernetes in ${kubeFolder}`);
}

async function engine(name: "namespace" | "process"): Promise<string | undefined> {
  const version = await (await openEngine(name)).version();
  return version.ok ? undefined : explain(version.failure).message;
}

/** root in a container may not be allowed to mount, so try it */
async function mounts(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "tazpod-mount-"));
  try {
    await onTmpfs(folder, "64k", async () => undefined);
    return undefined;
  } catch (error) {
    return `nothing can be mounted: ${
      String(error instanceof Error ? error.message : error)
        .split("\n")
        .at(1) ?? ""
    }`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function answering({ endpoint, script }: S3Server): Promise<string | undefined> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(5000) });
    return undefined;
  } catch {
    return `no S3 server at ${endpoint} (start one: ${script} up)`;
  }
}

function onPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
