import { PassThrough, pipeline } from "node:stream";
import { endProcess } from "../../host/process-identity.js";
import { foreground } from "../../host/foreground.js";
import { capture, type Finished, killedCode, type Piped, piped } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { describeImage, specHash, withoutLimits } from "../spec.js";
import type { ContainerSpec, Engine } from "../engine.js";
import {
  besideTerminal,
  enterArguments,
  environment,
  onTerminal,
  exitCodeScript,
} from "./unshare-arguments.js";
import { namespaceVersion, namespaceUser } from "./availability.js";
import {
  endingInput,
  notRunning,
  exactEnvironment,
  hostImage,
  isRootsOwn,
  runState,
  thisShell,
} from "../this-host.js";
import { namespaceRecords, currentRun, startNamespace } from "./lifecycle.js";

/**
 * An engine without a container runtime: Linux namespaces, created and entered with util-linux. The project is at
 * /workspace; the rest is the host's system, read-only, with a home and temporary folders in RAM. `sharedWithHost`
 * lists what is not isolated. `project` is the project's folder: if root runs tazpod, its owner is the user inside.
 */
export function namespaceEngine(project?: string): Engine {
  const effective = (spec: ContainerSpec): ContainerSpec => effectiveSpec(spec, isRootsOwn(project));
  return {
    name: "namespace",
    version: () => namespaceVersion(project),
    address: async () => undefined,
    effectiveSpec: effective,
    sharedWithHost: (spec) => sharedWithHost(spec, isRootsOwn(project)),
    async inspect(name) {
      const record = await namespaceRecords.read(name);
      if (!record.ok) return record;
      if (record.value === undefined) return ok({ state: "absent" });
      const { id, spec, specHash: hash, user, run } = record.value;
      return ok({
        ...runState((await currentRun(record.value)) !== undefined),
        ...{ id, owner: spec.project, specHash: hash, imageId: hostImage, home: user.home },
        startedAt: run?.startedAt ?? "",
        // the copy is in RAM and ends with the start
        workspace: spec.workspace === "copy" ? `${id} ${run?.startedAt ?? ""}` : undefined,
      });
    },
    imageId: async () => ok(hostImage),
    pull: async () => ok(undefined),
    lookUp: () => namespaceUser(project),
    create(spec, user) {
      const made = { ...effective(spec), image: spec.image, user: spec.user, ports: spec.ports };
      return namespaceRecords.add({
        ...{ version: 1, id: crypto.randomUUID(), user },
        ...{ spec: made, specHash: specHash(effective(spec)) },
      });
    },
    start: startNamespace,
    async remove(name) {
      const record = await namespaceRecords.read(name);
      if (!record.ok) return record;
      const { run } = record.value ?? {};
      if (run !== undefined && !(await endProcess(run.pid, run.identity)))
        return fail({
          kind: "command-failed",
          command: ["kill", String(run.pid)],
          code: undefined,
          detail: "",
        });
      return namespaceRecords.remove(name);
    },
    // a copy of the project is in RAM and ends with the namespace
    removeCopy: async () => ok(undefined),
    exec: endingInput(async (name, argv, options) => {
      const place = await enter(name, argv);
      if (!place.ok) return place;
      if (place.value === undefined) return ok(notRunning(name));
      return interpretExit(
        name,
        await capture(place.value.argv, { ...options, env: exactEnvironment(place.value.env) }),
      );
    }),
    execPiped(name, argv, options) {
      const stdout = new PassThrough();
      return { stdout, done: pipe(name, argv, options, stdout) };
    },
    async foreground(name, argv, { tty, env, signal, graceMs, output, filter }) {
      const command = tty
        ? onTerminal(argv, { SHELL: thisShell(), ...promptVariables(env) })
        : ["sh", "-c", exitCodeScript, "tazpod", ...argv];
      const place = await enter(name, command);
      if (!place.ok) return place;
      if (place.value === undefined) return ok(notRunning(name));
      const given = exactEnvironment({ ...place.value.env, ...env, ...(tty ? { SHELL: "/bin/sh" } : {}) });
      const started = tty ? besideTerminal(place.value.argv) : place.value.argv;
      const how = { signal, graceMs, output, filter, env: given, isApart: !tty };
      return interpretExit(name, await foreground(started, how));
    },
  };
}

/** Returns the variables of the interactive shell that the outer shell must not take. */
function promptVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => /^(?:SHELL|PS[0-4])$/.test(name)));
}

function effectiveSpec(spec: ContainerSpec, copies: boolean): ContainerSpec {
  // the user inside cannot read root's files
  const limitless = withoutLimits(spec);
  const { agentFolder: _, sshFolder: __, ...open } = limitless;
  const reached = isRoot() ? open : limitless;
  return { ...reached, image: hostImage, user: "", ports: [], workspace: copies ? "copy" : "mount" };
}

const whoRuns = (copies: boolean): string =>
  copies
    ? "root owns this project, so programs run as a user without rights, on a copy of the project in RAM; changes come back when the shell ends. Root's ssh-agent and ~/.ssh are not there"
    : "it runs as the owner of the project, without root's ssh-agent and ~/.ssh";

const isRoot = (): boolean => process.getuid?.() === 0;

function sharedWithHost(spec: ContainerSpec, copies: boolean): string[] {
  const { network, ports } = spec;
  return [
    `the programs inside are this host's, not those of ${describeImage(spec)}`,
    ...(network === "none" ? [] : ["it uses this host's network, including the services that listen on it"]),
    ...(ports.length === 0 ? [] : ["`ports` has no effect: programs inside listen on this host's ports"]),
    ...(isRoot() ? [whoRuns(copies)] : []),
    "`limits` has no effect: the programs inside share this host's processes and memory",
    "the host's files outside the home folders and /tmp can be read inside, as far as this user may read them",
  ];
}

async function enter(
  name: string,
  argv: readonly string[],
): Promise<Result<{ argv: string[]; env: Record<string, string> } | undefined>> {
  const record = await namespaceRecords.read(name);
  if (!record.ok) return record;
  const run = record.value && (await currentRun(record.value));
  if (record.value === undefined || run === undefined) return ok(undefined);
  const { user, spec } = record.value;
  return ok({
    argv: enterArguments(run.pid, user, spec.network, argv),
    env: environment(user),
  });
}

async function pipe(
  name: string,
  argv: readonly string[],
  options: Parameters<Engine["execPiped"]>[2],
  stdout: PassThrough,
): Piped["done"] {
  const place = await enter(name, argv);
  if (!place.ok || place.value === undefined) {
    stdout.end();
    return place.ok ? ok(notRunning(name)) : place;
  }
  const begun = piped(place.value.argv, { ...options, env: exactEnvironment(place.value.env) });
  pipeline(begun.stdout, stdout, () => undefined);
  return interpretExit(name, await begun.done);
}

/**
 * Maps exit results: programs are killed when their namespace ends, and a namespace that just ended cannot be entered.
 */
function interpretExit(name: string, done: Result<Finished>): Result<Finished> {
  if (!done.ok) return done;
  const { code, signal, stderr } = done.value;
  if (code === undefined && signal === "SIGKILL") return ok({ ...done.value, code: killedCode });
  if (code !== 0 && /^nsenter: .*\/proc\/\d+\//m.test(stderr)) return ok(notRunning(name));
  return done;
}
