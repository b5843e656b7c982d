import type { Failure } from "../../failure/failure.js";
import { ownerSync } from "../../host/files.js";
import { foreground } from "../../host/foreground.js";
import { capture, type Finished } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { removeLeftovers, runHelper } from "./helper-container.js";
import { buildImage } from "./build-image.js";
import { expectSuccess } from "./command.js";
import { type CliFlavor, flavorOf, missingNetworkComponent } from "./flavors.js";
import { parseInspect } from "./inspect-container.js";
import { lookUpUser } from "./image-user.js";
import { daemonAddress, isRootless, remoteOnly } from "./daemon.js";
import { createArguments } from "./create-arguments.js";
import type { Engine, EngineName } from "../engine.js";
import { matchUser } from "./match-user.js";
import { containerPrograms } from "./programs.js";
import { ensureVolume, removeVolume } from "./volume.js";

const question = { timeoutMs: 20_000, isQuestion: true } as const;

/**
 * An engine that is driven through the command line of docker or podman, so contexts, DOCKER_HOST and rootless mode
 * work.
 */
export function ociEngine(name: EngineName, program: string = name): Engine {
  const flavor = flavorOf(name);
  const command = (argv: readonly string[]): string[] => [program, ...flavor.flags, ...argv];
  const checked = (done: Result<Finished>): Result<Finished> =>
    done.ok ? known(program, flavor, done.value) : fail(startFailure(program, done.failure));
  const run = async (
    argv: readonly string[],
    options: Parameters<typeof capture>[1] = {},
  ): Promise<Result<Finished>> => {
    return checked(await capture(command(argv), options));
  };
  const programs = containerPrograms(command);
  const address = (): Promise<string | undefined> => daemonAddress(name, (argv) => run(argv, question));
  return {
    name,
    async version() {
      const result = await run(flavor.version, question);
      return expectSuccess(result, ["version"], (done) => ok(done.stdout.toString().trim()));
    },
    address,
    effectiveSpec: (spec) => spec,
    sharedWithHost: () => [],
    inspect: (name, user) =>
      programs.state(name, user, async () => {
        const result = await run(["container", "inspect", name], question);
        return result.ok ? parseInspect(program, name, result.value) : result;
      }),
    async imageId(image) {
      const argv = ["image", "inspect", "--format", "{{.Id}}", image];
      const result = await run(argv, question);
      if (result.ok && result.value.code !== 0 && /no such image|image not known/i.test(result.value.stderr))
        return ok(undefined);
      return expectSuccess(result, argv, (done) => {
        const id = done.stdout.toString().trim();
        return id === "" ? fail({ kind: "answer-unreadable", engine: program, command: argv }) : ok(id);
      });
    },
    async pull(image, onLine, signal) {
      const result = await run(["pull", flavor.fullImageName(image)], { onLine, signal });
      if (!result.ok) return result;
      return result.value.code === 0
        ? ok(undefined)
        : fail({ kind: "image-unavailable", engine: program, image, detail: result.value.stderr });
    },
    build: (image, build, onLine, signal) => buildImage(run, image, build, { onLine, signal }),
    async canPull(image, signal) {
      const result = await run(flavor.manifestArguments(image), { signal });
      if (!result.ok) return result;
      return result.value.code === 0
        ? ok(undefined)
        : fail({ kind: "image-unavailable", engine: program, image, detail: result.value.stderr });
    },
    lookUp: (image, user) => lookUpUser(run, image, user),
    async matchUser(spec, user, imageId) {
      const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
      // root may run tazpod in the project of another user
      const { uid, gid } = own.uid === 0 ? (ownerSync(spec.project) ?? own) : own;
      const agrees = uid === 0 || uid === user.uid || user.uid === 0 || /^\d/.test(spec.user);
      if (flavor.mapsIds || agrees || spec.workspace === "copy" || process.platform !== "linux")
        return ok(user);
      if ((await isRootless(name, undefined, program)) || remoteOnly(await address()) !== undefined)
        return ok(user);
      return matchUser(run, { user: spec.user, inImage: user, imageId, uid, gid });
    },
    async create(spec, user) {
      const rootless = flavor.needsRootless && (await isRootless(name, undefined, program));
      const createOptions = flavor.createOptions(spec, user, rootless);
      const volume =
        spec.workspace === "copy" ? await ensureVolume(run, name, spec, user, createOptions) : undefined;
      if (volume?.ok === false) return volume;
      const argv = createArguments(spec, user, createOptions, volume?.value);
      const result = await run(argv, { timeoutMs: 60_000 });
      // two tazpods that start a project at the same time both find no container
      if (result.ok && result.value.code !== 0 && /already in use/i.test(result.value.stderr))
        return fail({
          kind: "changed-meanwhile",
          detail: `Another tazpod has just created the container ${spec.name}`,
        });
      return expectSuccess(result, argv.slice(0, 3), () => ok(undefined));
    },
    async runHelper(project, user, helperName) {
      const spec = { ...project, name: helperName };
      const rootless = flavor.needsRootless && (await isRootless(name, undefined, program));
      return runHelper(run, command, spec, user, flavor.createOptions(spec, user, rootless));
    },
    async removeLeftovers({ project }) {
      await removeLeftovers(run, project);
      return ok(undefined);
    },
    async start(name) {
      const result = await run(["start", name], { timeoutMs: 60_000 });
      if (!result.ok) return result;
      if (result.value.code === 0) return ok(undefined);
      const network = missingNetworkComponent(result.value.stderr);
      return fail({
        kind: "container-start",
        name,
        detail: network ?? result.value.stderr,
        why: network === undefined ? undefined : "network",
      });
    },
    async remove(name) {
      const stopped = await run(["stop", name], { timeoutMs: 60_000 });
      if (!stopped.ok) return stopped;
      const result = await run(["rm", "--force", name], { timeoutMs: 60_000 });
      if (result.ok && /no such container/i.test(result.value.stderr)) return ok(undefined);
      return expectSuccess(result, ["rm", name], () => ok(undefined));
    },
    removeCopy: (spec) => removeVolume(run, spec),
    exec: async (name, argv, options) => checked(await programs.exec(name, argv, options)),
    execPiped: programs.begin,
    async foreground(name, argv, { user, tty, workdir, env, ...options }) {
      const proxies = await flavor.proxies();
      const variables = [
        // by name: a proxy's password must not be an argument
        ...Object.keys(proxies).flatMap((key) => ["--env", key]),
        ...Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
      ];
      const flags = [
        "--interactive",
        ...(tty ? ["--tty", `--detach-keys=${flavor.detachKeys}`] : []),
        "--user",
        user,
        "--workdir",
        workdir,
        ...variables,
      ];
      const result = await foreground(command(["exec", ...flags, name, ...argv]), {
        ...options,
        env: proxies,
        isClient: true,
      });
      // the end of a session looks at the vault, and saves it
      programs.resume(name, user);
      return result.ok ? result : fail(startFailure(program, result.failure));
    },
  };
}

/** Turns errors of the engine itself into `engine-unavailable`; the caller reads all other results. */
function known(engine: string, { errorPatterns }: CliFlavor, done: Finished): Result<Finished> {
  if (done.code === 0) return ok(done);
  const detail = done.stderr;
  const why = errorPatterns.find(([pattern]) => pattern.test(detail))?.[1];
  return why === undefined ? ok(done) : fail({ kind: "engine-unavailable", engine, why, detail });
}

function startFailure(engine: string, failure: Failure): Failure {
  if (failure.kind === "command-missing")
    return { kind: "engine-unavailable", engine, why: "missing", detail: failure.hint };
  if (failure.kind === "timeout")
    return {
      kind: "engine-unavailable",
      engine,
      why: "not-answering",
      detail: `no answer within ${failure.ms / 1000} s`,
    };
  return failure;
}
