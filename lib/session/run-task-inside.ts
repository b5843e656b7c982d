import { randomUUID } from "node:crypto";
import { Transform } from "node:stream";
import { requireReady } from "../engine/container.js";
import { workspace } from "../engine/container-paths.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Finished } from "../host/process.js";
import { resultsOnTerminal } from "../host/screen.js";
import { inputIsTerminal } from "../host/standard-input.js";
import type { InsideProgram } from "../run/run-context.js";
import { isRecordedOpen } from "../secrets-folder/open-record.js";
import { vaultClosedCode } from "../secrets-folder/shell-command.js";
import { exitCodeOf, runInside } from "./run-inside.js";
import { shellEnvironment } from "./shell-environment.js";
import type { StepContext } from "./step.js";

/** The exit code of `enterFolder` without the folder. */
const noFolderCode = 214;

/** Enters a folder of the project, and starts the program there. */
const enterFolder = `[ -d "$1" ] || exit ${noFolderCode}; cd -- "$1" && shift && exec "$@"`;

/**
 * Runs a program of the task `name` in the project's container, as its user, in the project or a folder of it. With
 * `needsVault` it starts only while the vault is open. Ctrl-C, signals and time limits end it inside. Failures:
 * `vault-closed`, `container-gone`, `interrupted`, `precondition` without the folder, and those of the engine.
 */
export async function runTaskInside(
  context: StepContext,
  program: InsideProgram,
  name: string,
): Promise<Result<Finished>> {
  const { project, options, session, terminal } = context;
  const [secrets, state] = [await context.secrets(), await context.container()];
  if (!secrets.ok) return secrets;
  if (!state.ok) return state;
  const recorded = await isRecordedOpen(project.vaultFolder, state.value);
  if (!recorded.ok) return recorded;
  const open = program.needsVault || recorded.value;
  const tty = program.output === undefined && inputIsTerminal() && resultsOnTerminal();
  const { env, end } = await shellEnvironment(context, tty);
  // the program may change the workspace
  session.workspace.isUsedByTask = true;
  const id = randomUUID();
  const argv =
    program.dir === undefined
      ? program.argv
      : ["sh", "-c", enterFolder, "tazpod", program.dir, ...program.argv];
  const here = { ...context, options: { ...options, args: argv, variables: [], variableFiles: [] } };
  const root = (await context.engine()).name === "process" ? project.root : workspace;
  const done = await runInside(here, secrets.value, {
    open,
    tty,
    env: { ...env, ...program.env, TAZPOD_ROOT: root, TAZPOD_SESSION: id },
    output: program.output,
    filter: (from) => readerOf(program, from),
  });
  await end();
  const code = await exitCodeOf(here, secrets.value, id, done, tty && !terminal.interactive);
  if (!code.ok) return code;
  if (code.value !== 0) {
    const { containerName } = project.config;
    const found = await secrets.value.engine.inspect(containerName);
    const after = requireReady(secrets.value.engine, containerName, found);
    if (!after.ok) return after;
    if (after.value.state !== "running")
      return fail({ kind: "container-gone", name: containerName, unsaved: open });
  }
  if (code.value === vaultClosedCode && open) return fail({ kind: "vault-closed" });
  if (code.value === noFolderCode && program.dir !== undefined) {
    const message = `${name} runs in ${program.dir} in the container, but there is no such folder.`;
    return fail({ kind: "precondition", task: name, message });
  }
  return ok({ code: code.value, signal: undefined, stdout: Buffer.alloc(0), stderr: "" });
}

/** Returns what reads the output of a program that is not shown. */
function readerOf({ onStdout, onLine }: InsideProgram, from: 1 | 2): Transform | undefined {
  if (from === 1 && onStdout !== undefined)
    return new Transform({ transform: (chunk: Buffer, _, done) => (onStdout(chunk), done()) });
  return onLine === undefined ? undefined : lineReader(onLine);
}

/** Hands on each line and shows nothing. */
function lineReader(onLine: InsideProgram["onLine"]): Transform {
  let rest = "";
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const lines = (rest + chunk.toString()).split("\n");
      rest = (lines.pop() ?? "").slice(-4_000);
      for (const line of lines) onLine?.(line);
      done();
    },
    flush(done) {
      if (rest !== "") onLine?.(rest);
      done();
    },
  });
}
