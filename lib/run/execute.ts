import { whenAborted } from "../host/abort.js";
import { join } from "node:path";
import { makeFolder, removeFile, stat, writeNew } from "../host/files.js";
import { providedModules, zxCommand } from "../host/installation.js";
import { foreground } from "../host/foreground.js";
import { type Finished, longestArgument, passThrough, piped } from "../host/process.js";
import { withoutHidden } from "../host/hidden.js";
import { brokenPipeCode } from "../host/screen.js";
import { homeFolder, stateFolder } from "../host/paths.js";
import { tempPath } from "../host/temp-file.js";
import { render, renderCommand } from "../recipe/render.js";
import type { Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { checkCommand, searchPath } from "../trust/trusted-code.js";
import { runVariable } from "./outer-runs.js";
import { loadScript, modulesOf } from "./scripts.js";
import type { RunContext } from "./run-context.js";
import type { RunOptions } from "./run-options.js";

/** Where the stdout of a step's programs goes. Their stderr is always on tazpod's own. */
export type Stdout = "stdout" | "stderr";

/** Where a step prints. */
export interface Output {
  readonly stdout: Stdout;
  /** Keeps what it prints on stdout; from the container it is then not shown. */
  readonly keep?: ((chunk: Buffer) => void) | undefined;
}

/** Runs the action of a task once. A step that ignores its signal is abandoned 5 seconds after its grace time. */
export async function execute(task: Task, context: RunContext, output: Output): Promise<Result<unknown>> {
  let timer: NodeJS.Timeout | undefined;
  let release = (): void => undefined;
  const stopped = new Promise<Result<never>>((resolve) => {
    const stop = (): void => {
      timer = setTimeout(
        () => resolve(fail({ kind: "interrupted", signal: String(context.signal.reason) })),
        context.graceMs + 5_000,
      );
    };
    release = whenAborted(context.signal, stop);
  });
  try {
    return await Promise.race([runAction(task, context, output), stopped]);
  } finally {
    clearTimeout(timer);
    release();
  }
}

/** Returns whether a task's programs or the project's own script may print at any time. */
export function printsFreely({ action, silent, interactive }: Task, { quiet }: RunOptions): boolean {
  const isOwn = action.kind === "script" && action.script.kind === "file";
  return !silent && !quiet && !interactive && (isOwn || action.kind === "cmds");
}

async function runAction(task: Task, context: RunContext, output: Output): Promise<Result<unknown>> {
  if (task.action.kind === "none") return ok(undefined);
  const folder = await checkFolder(task, context);
  if (!folder.ok) return folder;
  if (task.action.kind === "cmds") {
    const { cmds } = task.action;
    for (const [index, cmd] of cmds.entries()) {
      const filled = renderCommand(cmd, context.values);
      const trusted = await checkCommand(context.code, filled, context.folder);
      // a task that declares no arguments passes the words after -- to its last command
      const words = task.args.length === 0 && index === cmds.length - 1 ? context.words : [];
      const done = trusted.ok ? await program([...filled.argv, ...words], task, context, output) : trusted;
      if (!done.ok) return done;
    }
    return ok(undefined);
  }
  const { script: ref } = task.action;
  const loaded = await loadScript(ref, context.code);
  if (!loaded.ok) return loaded;
  if (loaded.value.kind === "program") {
    // a file without exports is an ordinary zx script, with $, cd and the rest as globals
    return zxProgram(loaded.value.file, task, context, output);
  }
  const { run } = loaded.value.script;
  if (!run)
    return fail({
      kind: "script",
      file: ref.kind === "file" ? ref.file : ref.name,
      message: "it exports no function named run",
      unloadable: true,
    });
  if (ref.kind === "builtin") return (await run(context)) ?? ok(undefined);
  try {
    // a script of the project may run anything on the terminal, so it owns the terminal throughout
    const work = async (): Promise<Result<unknown> | void> => settling(run(withAnswers(task, context)));
    const result = task.interactive ? context.terminal.handOver(work) : work();
    return (await result) ?? ok(undefined);
  } catch (error) {
    return fail({
      kind: "script",
      file: ref.file,
      message: error instanceof Error ? error.message : String(error),
    });
  }
}

/** Lets --yes answer the yes/no questions of a task's script, too. */
function withAnswers({ name }: Task, context: RunContext): RunContext {
  const { terminal, options } = context;
  if (options.yes !== "all" && !options.yes.has(name)) return context;
  const confirm: RunContext["terminal"]["confirm"] = async () => ok(true);
  return { ...context, terminal: Object.assign(Object.create(terminal), { confirm }) };
}

/** Passes on a promise; throws if it can never settle, since nothing is left that this process waits for. */
async function settling<T>(promise: T | Promise<T>): Promise<T> {
  let stalled = (): void => undefined;
  const never = new Promise<never>((_, reject) => {
    stalled = () => reject(new Error("it waits for something that can no longer happen"));
  });
  process.once("beforeExit", stalled);
  try {
    return await Promise.race([promise, never]);
  } finally {
    process.off("beforeExit", stalled);
  }
}

/** Checks that the task's `dir` is there. Failure: `precondition`. */
async function checkFolder({ name, dir, inContainer }: Task, { folder }: RunContext): Promise<Result<void>> {
  if (dir === undefined || inContainer) return ok(undefined);
  const found = await stat(folder);
  if (!found.ok || found.value?.kind === "folder") return found.ok ? ok(undefined) : found;
  return fail({
    kind: "precondition",
    task: name,
    message: `${name} runs in ${folder}, but there is no such folder.`,
  });
}

/** Runs a script without exports in its own process. The trusted texts of its modules are passed in a file. */
async function zxProgram(
  file: string,
  task: Task,
  context: RunContext,
  output: Output,
): Promise<Result<void>> {
  const folder = join(stateFolder(), "modules");
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  const modules = tempPath(folder, "modules");
  const written = await writeNew(modules, JSON.stringify(providedModules(modulesOf(context.code))));
  if (!written.ok) return written;
  try {
    return await program([...zxCommand(file, modules), ...context.words], task, context, output);
  } finally {
    await removeFile(modules);
  }
}

/**
 * Runs a program in the task's folder: on the terminal if the task is interactive; otherwise its output is shown as
 * it comes, or, if the task is silent or --quiet was given, kept for the failure.
 */
async function program(
  argv: readonly string[],
  task: Task,
  context: RunContext,
  output: Output,
): Promise<Result<void>> {
  const { stdout, keep } = output;
  const kept: string[] = [];
  const silent = task.silent || context.options.quiet;
  const options = {
    cwd: context.folder,
    // no variable of a recipe replaces the one that ends a recursion
    env: { ...programEnvironment(context), ...context.env, [runVariable]: process.env[runVariable] },
    signal: context.signal,
    graceMs: context.graceMs,
  };
  const found = task.inContainer ? ok(argv) : await findOutside(argv, context);
  if (!found.ok) return found;
  const done = await start(found.value);
  if (!done.ok) return done;
  const { code, signal } = done.value;
  if (code === 0) return ok(undefined);
  // the reader of its output has gone, as in `tazpod run NAME | head`
  if (!silent && (signal === "SIGPIPE" || code === brokenPipeCode))
    return fail({ kind: "exit-code", command: `\`${argv.join(" ")}\``, code: brokenPipeCode });
  return fail({
    kind: "command-failed",
    command: argv,
    code,
    signal,
    detail: withoutHidden(kept.join("\n")).slice(-4_000),
  });

  function start(argv: readonly string[]): Promise<Result<Finished>> {
    // keep the last 20 lines of a silent program for its failure
    const onLine = (line: string): void => void (kept.push(line) > 20 && kept.shift());
    if (task.inContainer)
      return context.inContainer({
        argv,
        env: { ...programEnvironment(context), ...context.env },
        dir: task.dir === undefined ? undefined : render(task.dir, context.vars),
        needsVault: task.needs.includes("vault-open"),
        output: task.interactive ? undefined : stdout === "stdout" ? 1 : 2,
        onLine: silent ? onLine : undefined,
        onStdout: keep,
      });
    if (task.interactive) return context.terminal.handOver(() => foreground(argv, options));
    if (!silent) return passThrough(argv, { ...options, onStdout: keep }, stdout === "stdout" ? 1 : 2);
    const running = piped(argv, { ...options, onLine });
    running.stdout.on("data", (chunk: Buffer) => keep?.(chunk));
    return running.done;
  }
}

/**
 * Looks up a program by its bare name in the PATH that the task sets, but not in the project: what is there could have
 * changed since it was trusted. Returns the words to start. Failure: `command-missing`.
 */
async function findOutside(
  argv: readonly string[],
  { env, project }: RunContext,
): Promise<Result<readonly string[]>> {
  const [program = "", ...rest] = argv;
  const path = env["PATH"];
  if (path === undefined || program.includes("/")) return ok(argv);
  const outside = searchPath(path, project.root, homeFolder());
  if (outside === path) return ok(argv);
  for (const folder of outside.split(":")) {
    const file = join(folder, program);
    const found = await stat(file);
    if (found.ok && found.value?.kind === "file" && (found.value.mode & 0o111) !== 0)
      return ok([file, ...rest]);
  }
  const hint = `Install it, or correct PATH. A program of the project needs its path: ./bin/${program}.`;
  return fail({ kind: "command-missing", program, hint });
}

/** Returns the TAZPOD_… variables for a program; they hold no secrets. A value that is too long for a variable is left out. */
function programEnvironment({ vars, project }: RunContext): Record<string, string> {
  const told: Record<string, string> = { TAZPOD_ROOT: project.root };
  for (const [name, value] of Object.entries(vars)) {
    const variable = `TAZPOD_${name.toUpperCase().replaceAll("-", "_")}`;
    // a variable of the environment has its own name
    if (!name.includes(".") && Buffer.byteLength(`${variable}=${value}`) <= longestArgument)
      told[variable] = value;
  }
  return told;
}
