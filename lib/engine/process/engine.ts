import { randomBytes } from "node:crypto";
import { release } from "node:os";
import { join } from "node:path";
import { PassThrough, pipeline } from "node:stream";
import { foreground } from "../../host/foreground.js";
import { capture, type Finished, piped, type ProcessOptions } from "../../host/process.js";
import { freeBytes, runtimeFolder } from "../../host/runtime-folder.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { describeImage, specHash, withoutLimits } from "../spec.js";
import { endingInput, notRunning, exactEnvironment, hostImage, runState, thisUser } from "../this-host.js";
import type { ContainerSpec, ContainerUser, Engine } from "../engine.js";
import { endHome, type HomeRecord, homeRecords, currentRun, startHome, ignoredMounts } from "./lifecycle.js";
import { environment, shellEnvironment } from "./environment.js";

/**
 * An engine without isolation: the shell is an ordinary process of the user, and the project stays in place. Only the
 * home is new, a folder in RAM with the secrets in it. What tazpod promises about the vault holds; isolation is not
 * promised, and `sharedWithHost` says so.
 */
export function processEngine(): Engine {
  return {
    name: "process",
    version,
    address: async () => undefined,
    effectiveSpec,
    sharedWithHost,
    async inspect(name) {
      const record = await homeRecords.read(name);
      if (!record.ok) return record;
      if (record.value === undefined) return ok({ state: "absent" });
      const { id, spec, specHash: hash, user, run } = record.value;
      const isRunning = (await currentRun(record.value)) !== undefined;
      const free = isRunning ? await freeBytes(user.home) : undefined;
      return ok({
        ...runState(isRunning),
        ...{ id, owner: spec.project, specHash: hash, imageId: hostImage, home: user.home },
        startedAt: run?.startedAt ?? "",
        ...(free?.ok === true ? { freeBytes: free.value } : {}),
      });
    },
    imageId: async () => ok(hostImage),
    pull: async () => ok(undefined),
    lookUp,
    async create(spec, user) {
      if (spec.network === "none")
        return fail({
          kind: "setting-unusable",
          setting: "network: none",
          detail: "plain processes always use this host's network",
          hint: "Use another engine, or another value of `network`.",
        });
      return homeRecords.add({
        ...{ version: 1, id: crypto.randomUUID(), user },
        ...{ spec: { ...spec, workspace: "mount" }, specHash: specHash(effectiveSpec(spec)) },
      });
    },
    start: startHome,
    async remove(name) {
      const record = await homeRecords.read(name);
      if (!record.ok) return record;
      if (record.value !== undefined) {
        const ended = await endHome(record.value);
        if (!ended.ok) return ended;
      }
      return homeRecords.remove(name);
    },
    // the project is never copied
    removeCopy: async () => ok(undefined),
    exec: endingInput((name, argv, options) =>
      inHome(name, (record) => capture(argv, homeOptions(record, options))),
    ),
    execPiped(name, argv, options) {
      const stdout = new PassThrough();
      let isPiped = false;
      const done = inHome(name, (record) => {
        const begun = piped(argv, homeOptions(record, options));
        isPiped = true;
        pipeline(begun.stdout, stdout, () => undefined);
        return begun.done;
      });
      void done.then(() => isPiped || stdout.end());
      return { stdout, done };
    },
    foreground: (name, argv, { env, signal, graceMs, output, filter }) =>
      inHome(name, (record) =>
        foreground(argv, {
          cwd: record.spec.project,
          env: exactEnvironment({ ...environment(record), ...shellEnvironment(env, record) }),
          ...{ signal, graceMs, output, filter },
        }),
      ),
  };
}

/**
 * Returns the kernel's release, since there is no program to ask. Failure: `engine-unavailable` if no folder in RAM is
 * available.
 */
async function version(): Promise<Result<string>> {
  const top = await homesFolder();
  return top.ok ? ok(release()) : top;
}

async function lookUp(): Promise<Result<ContainerUser>> {
  const [user, top] = [await thisUser(), await homesFolder()];
  if (!user.ok) return user;
  if (!top.ok) return top;
  // short, since a socket's path may have at most 107 bytes
  return ok({ ...user.value, home: join(top.value, randomBytes(4).toString("hex")) });
}

async function homesFolder(): Promise<Result<string>> {
  const unavailable = (detail: string): Result<never> =>
    fail({ kind: "engine-unavailable", engine: "process", why: "missing", detail });
  if (process.platform !== "linux") return unavailable("this is not Linux");
  const top = await runtimeFolder("homes");
  if (top.ok || top.failure.kind !== "file") return top;
  return unavailable(top.failure.detail ?? top.failure.code);
}

function effectiveSpec(spec: ContainerSpec): ContainerSpec {
  return { ...withoutLimits(spec), image: hostImage, user: "", ports: [], workspace: "mount" };
}

function sharedWithHost(spec: ContainerSpec): string[] {
  const lost = ignoredMounts(spec);
  return [
    "nothing is isolated: programs see this host's files, processes and network, as this user does",
    `the programs are this host's, not those of ${describeImage(spec)}`,
    "the project stays in its folder; there is no /workspace",
    "`limits` has no effect: the programs share this host's processes and memory",
    ...(spec.ports.length === 0 ? [] : ["`ports` has no effect: programs listen on this host's ports"]),
    ...(lost.length === 0 ? [] : [`\`mounts\` has no effect outside the home folder: ${lost.join(", ")}`]),
  ];
}

/** Runs a program in a home that exists. */
async function inHome(
  name: string,
  start: (record: HomeRecord) => Promise<Result<Finished>>,
): Promise<Result<Finished>> {
  const record = await homeRecords.read(name);
  if (!record.ok) return record;
  if (record.value === undefined || (await currentRun(record.value)) === undefined)
    return ok(notRunning(name));
  return start(record.value);
}

/** Options for programs other than the shell. They run in the home, since the project's folder may be gone. */
function homeOptions(record: HomeRecord, options: ProcessOptions): ProcessOptions {
  return { ...options, cwd: record.user.home, env: exactEnvironment(environment(record)) };
}
