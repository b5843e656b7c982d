import {
  collect,
  type Finished,
  killedCode,
  piped,
  type Piped,
  type ProcessOptions,
} from "../../host/process.js";
import { ok, type Result } from "../../failure/result.js";
import type { ContainerState, Engine } from "../engine.js";
import { canShare, freeShell, type SharedShell, startSharedShell } from "../shared-shell.js";

/** How long a shell may take to answer, in ms, before it counts as ended. */
const pingMs = 1_000;

type ExecOptions = Parameters<Engine["exec"]>[2];

/** Starts programs in containers, in a shell that is there already where that is possible. */
export interface Programs {
  exec(name: string, argv: readonly string[], options: ExecOptions): Promise<Result<Finished>>;
  begin(name: string, argv: readonly string[], options: ExecOptions): Piped;
  /** Starts again a shell in a container that has ended, for what comes next. */
  resume(name: string, user: string): void;
  /**
   * Returns the state of a container, asking `inspect` unless a shell in it answers that was there when it was asked last.
   * Starts a shell of the user, if there is one, while it asks.
   */
  state(
    name: string,
    user: string | undefined,
    inspect: () => Promise<Result<ContainerState>>,
  ): Promise<Result<ContainerState>>;
}

/** Returns what starts programs with an engine's command line. */
export function containerPrograms(command: (argv: readonly string[]) => string[]): Programs {
  /** The shells, by container name, a space and user. */
  const shells = new Map<string, SharedShell>();
  /** States, each with the shell that was there before the engine was asked. */
  const known = new Map<string, { readonly shell: SharedShell; readonly state: ContainerState }>();

  const start = (name: string, argv: readonly string[], user: string, options: ProcessOptions): Piped =>
    piped(command(execArguments(name, argv, user, options)), options);

  /** Returns a shell in which a program can be started now. */
  const shellIn = (name: string, user: string): SharedShell | undefined =>
    freeShell(shells, `${name} ${user}`, () =>
      startSharedShell(
        (argv, options) => start(name, argv, user, options),
        async (done) => (done.ok ? ok({ ...done.value, code: done.value.code || killedCode }) : done),
      ),
    );

  const livingShell = (name: string): SharedShell | undefined =>
    [...shells].find(([key, shell]) => key.startsWith(`${name} `) && shell.state() !== "ended")?.[1];

  const begin: Programs["begin"] = (name, argv, { user, ...options }) => {
    const shell = canShare(options) ? shellIn(name, user) : undefined;
    return shell?.run(argv, options) ?? start(name, argv, user, options);
  };

  return {
    begin,
    async exec(name, argv, { limitBytes, signal, ...options }) {
      // a container that has just been restarted has ended its shell, which podman's client tells late
      const there = canShare(options) ? shells.get(`${name} ${options.user}`) : undefined;
      if (there?.state() === "free") await there.answers(pingMs);
      return collect((until) => begin(name, argv, { ...options, signal: until }), argv, {
        limitBytes,
        signal,
      });
    },
    resume(name, user) {
      if (shells.get(`${name} ${user}`)?.state() === "ended") shellIn(name, user);
    },
    async state(name, user, inspect) {
      const last = known.get(name);
      if (last?.shell.state() === "free" && (await last.shell.answers(pingMs))) return ok(last.state);
      if (user !== undefined) shellIn(name, user);
      const shell = livingShell(name);
      const asked = await inspect();
      // an engine that does not answer may keep the client waiting, too
      if (!asked.ok && shell?.state() === "free") await shell.answers(0);
      if (shell !== undefined && asked.ok && asked.value.state === "running")
        known.set(name, { shell, state: asked.value });
      else known.delete(name);
      return asked;
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
