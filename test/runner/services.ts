import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { namespaceVersion } from "../../lib/engine/namespace/able.js";
import { explain } from "../../lib/explain.js";

const run = promisify(execFile);

/** The S3 server that tests talk to; the key and secret are those of test/services/rgw.sh. */
export const s3Endpoint = process.env["TAZPOD_TEST_S3"] ?? "http://127.0.0.1:7480";

const known = new Map<string, Promise<string | undefined>>();

/** Why `need` is not met here, or undefined when it is. Asked once a run. */
export function missing(need: string): Promise<string | undefined> {
  const answer = known.get(need) ?? find(need);
  known.set(need, answer);
  return answer;
}

async function find(need: string): Promise<string | undefined> {
  if (need === "namespace") return namespaces();
  if (need === "docker") return answers("docker", ["version", "--format", "{{.Server.Version}}"]);
  if (need === "podman") return answers("podman", ["info", "--format", "{{.Version.Version}}"]);
  if (need === "s3") return s3();
  if (need === "root") return process.getuid?.() === 0 ? undefined : "not run as root";
  if (need === "no root") return process.getuid?.() === 0 ? "run as root" : undefined;
  return onPath(need) ? undefined : `there is no ${need} on the PATH`;
}

async function answers(program: string, args: string[]): Promise<string | undefined> {
  try {
    await run(program, args, { timeout: 20_000 });
    return undefined;
  } catch (error) {
    const text = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    return `${program} does not answer: ${text.split("\n")[0] || String(error)}`;
  }
}

async function namespaces(): Promise<string | undefined> {
  const version = await namespaceVersion();
  return version.ok ? undefined : explain(version.failure).message;
}

async function s3(): Promise<string | undefined> {
  try {
    await fetch(s3Endpoint, { signal: AbortSignal.timeout(5000) });
    return undefined;
  } catch {
    return `no S3 server at ${s3Endpoint} (start one: test/services/rgw.sh up)`;
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
