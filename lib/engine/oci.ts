import type { Failure } from "../failure.js";
import { capture, foreground, piped, type Finished, type ProcessOptions } from "../host/process.js";
import { fail, ok, type Result } from "../result.js";
import { parseInspect } from "./inspect.js";
import { lookUpScript, parseLookUp } from "./look-up.js";
import { createArguments } from "./spec.js";
import type { Engine, EngineName } from "./types.js";

const answerMs = 20_000;

/** An engine that is driven through a command line like Docker's, so that contexts, DOCKER_HOST and rootless come free. */
export function ociEngine(name: EngineName, program: string = name): Engine {
  const call = async (argv: readonly string[], options: ProcessOptions = {}): Promise<Result<Finished>> => {
    const result = await capture([program, ...argv], options);
    return result.ok ? known(program, result.value) : fail(startFailure(program, result.failure));
  };
  return {
    name,
    async version() {
      const result = await call(["version", "--format", "{{.Server.Version}}"], { timeoutMs: answerMs });
      return demand(result, ["version"], (done) => ok(done.stdout.toString().trim()));
    },
    takes: (spec) => spec,
    shares: () => [],
    async inspect(name) {
      const result = await call(["container", "inspect", name], { timeoutMs: answerMs });
      return result.ok ? parseInspect(name, result.value) : result;
    },
    async imageId(image) {
      const argv = ["image", "inspect", "--format", "{{.Id}}", image];
      const result = await call(argv, { timeoutMs: answerMs });
      if (result.ok && result.value.code !== 0 && /no such image/i.test(result.value.stderr))
        return ok(undefined);
      return demand(result, argv, (done) => ok(done.stdout.toString().trim()));
    },
    async pull(image, onLine, signal) {
      const result = await call(["pull", image], { onLine, signal });
      if (!result.ok) return result;
      return result.value.code === 0
        ? ok(undefined)
        : fail({ kind: "image-unavailable", image, detail: result.value.stderr });
    },
    async lookUp(image, user) {
      const flags = ["--rm", "--network", "none", "--user", user, "--entrypoint", "sh"];
      const result = await call(["run", ...flags, image, "-c", lookUpScript], { timeoutMs: 60_000 });
      return result.ok ? parseLookUp(image, user, result.value) : result;
    },
    async create(spec, user) {
      const argv = createArguments(spec, user);
      const result = await call(argv, { timeoutMs: 60_000 });
      // two tazpods that start a project in the same moment both find no container
      if (result.ok && result.value.code !== 0 && /already in use/i.test(result.value.stderr))
        return fail({
          kind: "changed-meanwhile",
          detail: `Another tazpod has made container ${spec.name} meanwhile`,
        });
      return demand(result, argv.slice(0, 3), () => ok(undefined));
    },
    async start(name) {
      const result = await call(["start", name], { timeoutMs: 60_000 });
      if (!result.ok) return result;
      return result.value.code === 0
        ? ok(undefined)
        : fail({ kind: "container-start", name, detail: result.value.stderr });
    },
    async remove(name) {
      const stopped = await call(["stop", name], { timeoutMs: 60_000 });
      if (!stopped.ok) return stopped;
      const result = await call(["rm", "--force", name], { timeoutMs: 60_000 });
      if (result.ok && /no such container/i.test(result.value.stderr)) return ok(undefined);
      return demand(result, ["rm", name], () => ok(undefined));
    },
    exec(name, argv, { user, ...options }) {
      return call(execArguments(name, argv, user, options), options);
    },
    execPiped(name, argv, { user, ...options }) {
      return piped([program, ...execArguments(name, argv, user, options)], options);
    },
    async foreground(name, argv, { user, tty, workdir, env, ...options }) {
      const variables = Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
      const flags = [
        "--interactive",
        ...(tty ? ["--tty"] : []),
        "--user",
        user,
        "--workdir",
        workdir,
        ...variables,
      ];
      const result = await foreground([program, "exec", ...flags, name, ...argv], options);
      return result.ok ? result : fail(startFailure(program, result.failure));
    },
  };
}

function execArguments(
  name: string,
  argv: readonly string[],
  user: string,
  options: ProcessOptions,
): string[] {
  return ["exec", ...(options.input === undefined ? [] : ["--interactive"]), "--user", user, name, ...argv];
}

/** Sorts out what says that the engine itself is not to be had; everything else is the caller's to read. */
function known(engine: string, done: Finished): Result<Finished> {
  if (done.code === 0) return ok(done);
  const detail = done.stderr;
  if (/permission denied while trying to connect/i.test(detail))
    return fail({ kind: "engine-unavailable", engine, why: "permission", detail });
  if (
    /cannot connect to the docker daemon|error during connect|failed to connect to the docker api|is the docker daemon running/i.test(
      detail,
    )
  )
    return fail({ kind: "engine-unavailable", engine, why: "not-answering", detail });
  return ok(done);
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

function demand<T>(
  result: Result<Finished>,
  command: readonly string[],
  read: (done: Finished) => Result<T>,
): Result<T> {
  if (!result.ok) return result;
  if (result.value.code === 0) return read(result.value);
  return fail({ kind: "command-failed", command, code: result.value.code, detail: result.value.stderr });
}
