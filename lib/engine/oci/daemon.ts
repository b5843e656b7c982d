import { capture } from "../../host/process.js";
import { flavorOf } from "./flavors.js";
import type { EngineName } from "../engine.js";
import type { RunCommand } from "./command.js";

const answerMs = 10_000;

/** Tells whether an engine runs without root, according to its `info`; false if that fails. */
export async function isRootless(
  name: EngineName,
  signal?: AbortSignal,
  program: string = name,
): Promise<boolean> {
  const { flags, rootless } = flavorOf(name);
  const options = { timeoutMs: answerMs, isQuestion: true, signal };
  const done = await capture([program, ...flags, ...rootless.argv], options);
  return done.ok && done.value.code === 0 && done.value.stdout.includes(rootless.says);
}

/**
 * Returns the address of the daemon: from the engine's environment variable or else, for Docker, the current context.
 * Undefined if it is unknown.
 */
export async function daemonAddress(
  name: EngineName,
  run: RunCommand,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  if (name === "podman") return env["CONTAINER_HOST"];
  if (env["DOCKER_HOST"]) return env["DOCKER_HOST"];
  const done = await run(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
  return done.ok && done.value.code === 0 ? done.value.stdout.toString().trim() : undefined;
}

/** Returns an address if it leads to another machine, without the password. ssh always counts as another machine. */
export function remoteOnly(address: string | undefined): string | undefined {
  const parts = /^([a-z]+):\/\/(?:([^@/]*)@)?(\[[^\]]*\]|[^/:]*)(.*)$/i.exec(address ?? "");
  if (!parts) return undefined;
  const [, scheme = "", user, host = "", rest = ""] = parts;
  const isHere = /^(?:|localhost|127(?:\.\d+){3}|\[::1\])$/i.test(host);
  if (/^(?:unix|npipe|fd)$/i.test(scheme) || (isHere && scheme.toLowerCase() !== "ssh")) return undefined;
  return `${scheme}://${user === undefined ? "" : `${user.replace(/:.*/, "")}@`}${host}${rest}`;
}
