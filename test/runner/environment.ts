import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { NamespaceRecord } from "../../lib/engine/namespace/lifecycle.js";
import { endHome, type HomeRecord } from "../../lib/engine/process/lifecycle.js";
import type { EngineName } from "../../lib/engine/engine.js";
import { endProcess } from "../../lib/host/process-identity.js";
import { kubeFolder, s3Servers } from "./services.js";
import type { SuiteFile } from "./suite-file.js";

/** The environment of one test file: its own home and temporary folder, without the user's AWS and tazpod settings. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

/** Makes the surroundings of a file that needs these things. */
export async function makeSurroundings(
  { needs, server = "s3" }: Pick<SuiteFile, "needs" | "server">,
  engine?: EngineName,
): Promise<Surroundings> {
  const folder = await mkdtemp(join(tmpdir(), "tazpod-test-"));
  // containers and other users read it
  await chmod(folder, 0o755);
  const home = join(folder, "home");
  const temp = join(folder, "tmp");
  await mkdir(home);
  await mkdir(temp);
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (
      /^(AWS_|TAZPOD_(?!TEST_)|NODE_OPTIONS$|NODE_NO_WARNINGS$|NODE_V8_COVERAGE$|FORCE_COLOR$|npm_)/.test(
        name,
      )
    )
      continue;
    env[name] = value;
  }
  // each Node would read all of these certificates at its start, which takes longer than many commands
  if (!needs.includes("registry")) delete env["NODE_EXTRA_CA_CERTS"];
  // the engine of the user's docker context is found through the real home
  const docker = join(homedir(), ".docker");
  if (env["DOCKER_CONFIG"] === undefined && existsSync(docker)) env["DOCKER_CONFIG"] = docker;
  // projects of tests are trusted without a question, except in the tests of trust
  const trust = { TAZPOD_TRUST: "all" };
  if (engine !== undefined) env["TAZPOD_ENGINE"] = engine;
  const servers = {
    TAZPOD_TEST_ON: server,
    TAZPOD_TEST_S3: s3Servers.s3.endpoint,
    TAZPOD_TEST_KUBE: kubeFolder,
  };
  Object.assign(env, { HOME: home, TMPDIR: temp, NO_COLOR: "1", ...servers, ...trust });
  return {
    env,
    remove: async () => {
      await endContainers(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    },
  };
}

/** Ends containers that a killed test file left and that no container runtime knows. */
async function endContainers(folder: string): Promise<void> {
  // with types, or readdir follows links, and one to / would have it read the whole machine
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const kind = /\/tazpod\/(namespaces|homes)\/[^/]+\.json$/.exec(path)?.[1];
    if (kind === undefined || !entry.isFile()) continue;
    const record: unknown = JSON.parse(await readFile(path, "utf8"));
    if (kind === "homes") await endHome(record as HomeRecord);
    const { run } = record as NamespaceRecord;
    if (kind === "namespaces" && run !== undefined) await endProcess(run.pid, run.identity);
  }
}
