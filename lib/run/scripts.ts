import { fileURLToPath } from "node:url";
import { importFile, syntaxCommand } from "../host/installation.js";
import { capture } from "../host/process.js";
import type { ProvidedModules } from "../host/provide-modules.js";
import { factsOf } from "../recipe/read-check.js";
import type { Check, Recipe, ScriptRef } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { TrustedCode } from "../trust/trusted-code.js";
import { builtinStep } from "./builtin-steps.js";
import type { StepScript } from "./run-context.js";

/** A loaded script: a module with exports, or a program to run. */
export type LoadedScript =
  | { readonly kind: "module"; readonly script: StepScript }
  | { readonly kind: "program"; readonly file: string };

/** The built-in step scripts, by name, in the order a user meets them. */
export const builtinScripts = [
  "init",
  "ensure-container",
  "recreate-container",
  "rename-container",
  "use-processes",
  "login",
  "pull",
  "create",
  "passphrase",
  "unlock",
  "open-parts",
  "close-parts",
  "carry",
  "shell",
  "with",
  "save",
  "lock",
  "push",
  "merge",
  "restore",
  "purge-history",
  "pending",
  "down",
  "down-idle",
  "passwd",
  "upgrade",
  "setup-storage",
  "logout",
] as const;

/**
 * Starts early what a target is certain to need: the question to the engine, if a task depends on the container, and
 * the loading of its scripts.
 */
export function preload(recipe: Recipe, tasks: readonly string[], askEngine: () => unknown): void {
  for (const task of tasks.flatMap((name) => recipe.tasks.get(name) ?? [])) {
    const checks = [...task.needs, ...task.wants].map((fact) => recipe.facts.get(fact)?.check);
    const asked = task.preconditions.flatMap(({ check }) => requiredChecks(recipe, factsOf(check)));
    if ([...checks, ...asked].some((check) => isBuiltin(check, "ensure-container"))) askEngine();
    for (const part of [task.action, ...checks]) {
      if (part?.kind === "script" && part.script.kind === "builtin") void builtinStep(part.script.name);
    }
  }
}

/** Returns the checks of these facts and of all facts they require. */
function requiredChecks(recipe: Recipe, facts: readonly string[]): readonly Check[] {
  return facts.flatMap((name) => {
    const fact = recipe.facts.get(name);
    return fact === undefined
      ? []
      : [fact.check, ...requiredChecks(recipe, [...fact.requires, ...factsOf(fact.check)])];
  });
}

function isBuiltin(check: Check | undefined, name: string): boolean {
  return check?.kind === "script" && check.script.kind === "builtin" && check.script.name === name;
}

/**
 * An export of a module: where a statement may start, also in minified code. What follows keeps a shell's
 * `; export NAME=1` in a template string from counting.
 */
const exported = /(?:^|[;}])\s*export(?:\s*[{*]|\s+(?:default|const|let|var|function|async|class)\b)/m;

/**
 * Loads a script as it was trusted. A project file without exports is a program. Failures: `script`, `untrusted-file`.
 */
export async function loadScript(ref: ScriptRef, code: TrustedCode): Promise<Result<LoadedScript>> {
  if (ref.kind === "builtin") return ok({ kind: "module", script: await builtinStep(ref.name) });
  const { file } = ref;
  const trusted = code.modules.get(file);
  if (trusted === undefined) return fail({ kind: "untrusted-file", file, why: "new" });
  if (!exported.test(trusted.source)) return ok({ kind: "program", file });
  try {
    return ok({ kind: "module", script: (await importFile(file, modulesOf(code))) as StepScript });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const at = error instanceof Error ? await placeOf(error, file, code) : undefined;
    return fail({ kind: "script", file: at ?? file, message, unloadable: true });
  }
}

/** Returns FILE:LINE of an error of a module that cannot be loaded: of the script, or of one that it imports. */
async function placeOf(error: Error, script: string, { modules }: TrustedCode): Promise<string | undefined> {
  for (const [, url = "", line] of (error.stack ?? "").matchAll(/(file:\/\/[^\s:]+):(\d+)/g)) {
    const file = fileURLToPath(url);
    if (modules.has(file)) return `${file}:${line}`;
  }
  if (!(error instanceof SyntaxError) || syntaxCommand === undefined) return undefined;
  // the error has no place, since nothing of the module has run
  for (const file of new Set([script, ...modules.keys()])) {
    const { source, format } = modules.get(file) ?? {};
    if (source === undefined || format !== "module") continue;
    const checked = await capture(syntaxCommand, { input: source, isQuestion: true });
    const line = checked.ok ? /^\[stdin\]:(\d+)/m.exec(checked.value.stderr)?.[1] : undefined;
    if (line !== undefined) return `${file}:${line}`;
  }
  return undefined;
}

export function modulesOf({ root, modules }: TrustedCode): Omit<ProvidedModules, "names"> {
  return { root, sources: Object.fromEntries(modules) };
}
