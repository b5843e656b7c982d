import { isUtf8 } from "node:buffer";
import { parseEnv } from "node:util";
import { resolve } from "node:path";
import { explain } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { hide } from "../host/hidden.js";
import { capture, longestArgument } from "../host/process.js";
import { outputName, outputsIn } from "../recipe/outputs.js";
import { environmentPrefix, placeholders, render, renderCommand } from "../recipe/render.js";
import type { Task, Variable } from "../recipe/recipe.js";
import { wrongValue } from "../recipe/values.js";
import { checkCommand, readProgram, sha256 } from "../trust/trusted-code.js";
import { givenFor, outputKey } from "./given-values.js";
import { outerNames, withStep } from "./outer-runs.js";
import type { Run, RunContext } from "./run-context.js";

/**
 * Finds out the values that texts of a task use and that are known only now: what commands print, and environment
 * variables. `texts` is any data with texts. Failure: `precondition`, with the words of a command that failed.
 */
export async function findValues(task: Task, texts: unknown, run: Run): Promise<Result<void>> {
  const { recipe, services } = run;
  const used = new Set(placeholders(JSON.stringify(texts)));
  const printed = checkPrinted(task, texts, run);
  if (!printed.ok) return printed;
  const own = new Map([...task.vars, ...task.args].map((variable) => [variable.name, variable]));
  const shared = recipe.vars.filter(({ name }) => !own.has(name));
  const commands = [
    ...[...own.values()].map((variable) => ({ variable, owner: task })),
    ...shared.map((variable) => ({ variable, owner: undefined })),
  ].filter(
    ({ variable, owner }) =>
      variable.command !== undefined &&
      used.has(variable.name) &&
      !services.known.outputs.has(outputKey(variable, owner)) &&
      givenFor(variable, owner, services.known.given) === undefined,
  );
  const ownCommands = commands.filter(({ owner }) => owner !== undefined);
  const environment = await findEnvironment(task, [texts, ownCommands], run);
  if (!environment.ok) return environment;
  for (const { variable, owner } of commands) {
    const found = await outputOf(variable, owner, task, run);
    if (!found.ok) return found;
    services.known.outputs.set(outputKey(variable, owner), found.value);
  }
  return ok(undefined);
}

/** Checks that the environment, or a file of the task, has the variables that texts use. */
async function findEnvironment(task: Task, texts: unknown, run: Run): Promise<Result<void>> {
  const names = placeholders(JSON.stringify(texts)).filter((name) => name.startsWith(environmentPrefix));
  const dotenv = names.length === 0 ? ok(undefined) : await readDotenv(task, run);
  if (!dotenv.ok) return dotenv;
  const fromFiles = run.services.known.dotenv.get(task.name);
  return checkEnvironment(task, names, (name) => process.env[name] ?? fromFiles?.[name]);
}

function checkEnvironment(
  task: Task,
  names: readonly string[],
  valueOf: (variable: string) => string | undefined,
): Result<void> {
  const missing = names.find((name) => valueOf(name.slice(environmentPrefix.length)) === undefined);
  if (missing === undefined) return ok(undefined);
  return noValue(task, missing, "the environment has no such variable");
}

/** Checks that the tasks have run whose outputs are used: after a failure, or in a cleanup, one may not have. */
function checkPrinted(task: Task, texts: unknown, { services }: Run): Result<void> {
  const missing = outputsIn(texts).find((used) => !services.known.printed.has(used.task));
  if (missing === undefined) return ok(undefined);
  const name = outputName(missing.task, missing.output);
  return noValue(task, name, `${missing.task} has not succeeded in this run`);
}

/**
 * Runs the command of a variable of a task, or of the whole recipe: that is filled with the recipe's values alone, since
 * other tasks use what it prints.
 */
async function outputOf(
  { name, timeoutMs, command = [], ...more }: Variable,
  owner: Task | undefined,
  task: Task,
  run: Run,
): Promise<Result<string>> {
  const printed = checkPrinted(task, command, run);
  if (!printed.ok) return printed;
  const names = placeholders(JSON.stringify(command)).filter((one) => one.startsWith(environmentPrefix));
  const there =
    owner === undefined ? checkEnvironment(task, names, (one) => process.env[one]) : ok(undefined);
  if (!there.ok) return there;
  const context = run.services.context(run.recipe, owner, run.interrupts.signal);
  const { project, values, signal, graceMs, code } = context;
  const step = { root: project.root, name: `{{${name}}}`, kind: "check", facts: [] } as const;
  if (outerNames(step.root, step.kind).includes(step.name))
    return noValue(task, name, "its command started this tazpod, and cannot run within itself");
  const filled = renderCommand(command, values);
  const trusted = await checkCommand(code, filled);
  if (!trusted.ok) return trusted;
  const options = { cwd: project.root, env: withStep(step), signal, graceMs, timeoutMs };
  const done = await capture(filled.argv, options);
  if (!done.ok)
    return done.failure.kind === "interrupted" ? done : noValue(task, name, explain(done.failure).message);
  if (done.value.code !== 0) {
    const failed = { kind: "command-failed", command: filled.argv, ...done.value, detail: done.value.stderr };
    return noValue(task, name, explain(failed as Failure).message);
  }
  const text = printedText(done.value.stdout);
  if (text === undefined) return noValue(task, name, `its command printed what is not text`);
  const wrong = wrongValue(more, text);
  return wrong === undefined ? ok(text) : noValue(task, name, `its command has to print ${wrong.message}`);
}

/** What a step prints on stdout. */
export class Printed {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (!this.isTooLong) this.#chunks.push(chunk);
  }

  get isTooLong(): boolean {
    return this.#bytes > longestArgument;
  }

  /** Without newlines at its end; undefined if it is not text. */
  get text(): string | undefined {
    return printedText(Buffer.concat(this.#chunks));
  }
}

/**
 * Keeps what a task with outputs has printed, for the tasks after it. From the container it may be a secret, and is
 * hidden from now on. Failure: `precondition` if it is no value.
 */
export function keepPrinted({ name, outputs, inContainer }: Task, printed: Printed, run: Run): Result<void> {
  const [output] = outputs;
  if (output === undefined) return ok(undefined);
  const { text, isTooLong } = printed;
  if (text === undefined || text === "" || isTooLong) {
    const what = isTooLong ? "more than 128 KiB" : text === undefined ? "what is not text" : "nothing";
    return fail({
      kind: "precondition",
      task: name,
      message: `${name} has printed ${what} on stdout, so its output "${output}" has no value.`,
      hint: isTooLong ? "Print less, or write a file and print its path." : undefined,
    });
  }
  if (inContainer) hide(text);
  run.services.known.printed.set(name, text);
  return ok(undefined);
}

/** Returns what a program printed without newlines at its end; undefined if it is not text. */
function printedText(stdout: Buffer): string | undefined {
  return isUtf8(stdout) && !stdout.includes(0) ? stdout.toString().replace(/(\r?\n)+$/, "") : undefined;
}

/** Reads the task's files with environment variables, once a run, as they were trusted. */
export async function readDotenv(task: Task, { services, recipe, interrupts }: Run): Promise<Result<void>> {
  const { dotenv } = services.known;
  if (task.dotenv.length === 0 || dotenv.has(task.name)) return ok(undefined);
  const { vars, project, code }: RunContext = services.context(recipe, task, interrupts.signal);
  const found: Record<string, string> = {};
  for (const { file, optional } of task.dotenv) {
    const name = render(file, vars);
    const path = resolve(project.root, name);
    const read = await readProgram(project.root, path);
    if (!read.ok) return read;
    if (read.value === undefined) {
      if (optional) continue;
      return fail({
        kind: "precondition",
        task: task.name,
        message: `${task.name} reads its environment from ${name}, but there is no such file.`,
        hint: "Write it, or use { file: …, optional: true } in the recipe.",
      });
    }
    const trusted = code.programs.get(path);
    if (trusted === undefined) return fail({ kind: "untrusted-file", file: path, why: "new" });
    if ((await sha256(read.value.bytes)) !== trusted)
      return fail({ kind: "untrusted-file", file: path, why: "changed" });
    for (const [variable, text] of Object.entries(parseEnv(read.value.bytes.toString())))
      if (text !== undefined) found[variable] ??= text;
  }
  dotenv.set(task.name, found);
  return ok(undefined);
}

function noValue(
  task: Task,
  name: string,
  reason: string,
): { readonly ok: false; readonly failure: Failure } {
  const message = `${task.name} needs {{${name}}}, which has no value: ${reason.replace(/\.$/, "")}.`;
  return fail({ kind: "precondition", task: task.name, message });
}
