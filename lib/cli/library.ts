import { explain } from "../failure/explain.js";
import { exitCode, type Failure } from "../failure/failure.js";
import { Secret } from "../host/secret.js";
import { type PlanJson, planJson } from "../plan/format-plan.js";
import { currentPlan } from "../run/plan-of.js";
import { defaultOptions } from "../run/arguments.js";
import { type ProjectRun, withProject } from "../session/open-project.js";
import { inspectVault, readVaultFile } from "../vault/inspect-vault.js";
import { noSuchFile, vaultPath } from "../vault/vault-path.js";
import { ok, type Result } from "../failure/result.js";
import { knownValues } from "../run/given-values.js";
import { readTarget } from "./target-words.js";

export type { PlanJson } from "../plan/format-plan.js";

/**
 * The library of tazpod, for programs that look at a project or a vault. Nothing here asks a question, starts a container
 * or changes a file. Every function rejects with a `TazpodError` for an expected failure.
 */

/** An expected failure. */
export class TazpodError extends Error {
  override readonly name = "TazpodError";
  /** The kind of failure, such as `wrong-passphrase`; stable. */
  readonly kind: string;
  /** What to do, if that is known. */
  readonly hint: string | undefined;
  /** The exit code that the command line has for it. */
  readonly exitCode: number;

  constructor(failure: Failure) {
    const { message, hint } = explain(failure);
    super(message);
    this.kind = failure.kind;
    this.hint = hint;
    this.exitCode = exitCode(failure);
  }
}

/** A task of a recipe, after all its layers were merged. */
interface RecipeTask {
  readonly name: string;
  readonly desc: string | undefined;
  readonly aliases: readonly string[];
  /** The names of facts. */
  readonly needs: readonly string[];
  readonly wants: readonly string[];
  readonly provides: readonly string[];
  readonly clears: readonly string[];
  /** The file and the line, from 1, that define it. */
  readonly file: string;
  readonly line: number;
}

/** The recipe of a project. */
export interface RecipeSummary {
  readonly goals: readonly {
    readonly name: string;
    readonly desc: string | undefined;
    readonly run: readonly string[];
  }[];
  /** Without the internal ones. */
  readonly tasks: readonly RecipeTask[];
  readonly facts: readonly { readonly name: string; readonly desc: string | undefined }[];
}

/** Loads the recipe of the project in a folder, or above it; the current folder by default. Runs none of its code. */
export async function loadRecipe(folder?: string): Promise<RecipeSummary> {
  const run = withProject(
    folder,
    defaultOptions(),
    async ({ recipe }) => ({ ok: true, value: recipe }) as const,
    { skipTrustCheck: true, leavesSignals: true },
  );
  const { goals, tasks, facts } = valueOf(await run);
  return {
    goals: [...goals.values()].map(({ name, desc, run: ran }) => ({ name, desc, run: ran })),
    tasks: [...tasks.values()]
      .filter(({ internal }) => !internal)
      .map(({ name, desc, aliases, needs, wants, provides, clears, at: { file, line } }) => ({
        ...{ name, desc, aliases, needs, wants, provides, clears, file, line },
      })),
    facts: [...facts.values()]
      .filter(({ internal }) => internal !== true)
      .map(({ name, desc }) => ({ name, desc })),
  };
}

/**
 * Plans what goals or tasks of the project in a folder would run. Runs the checks of the recipe, so the project has to be
 * trusted on this host.
 */
export async function plan(names: readonly string[], folder?: string): Promise<PlanJson> {
  const work = async (run: ProjectRun): Promise<Result<PlanJson>> => {
    const read = readTarget(run.recipe, names, []);
    if (!read.ok) return read;
    run.services.known = knownValues(read.value.given);
    const found = await currentPlan(read.value.target, run, { ran: new Set(), declined: new Set() });
    if (!found.ok) return found;
    const describeFailure = (failure: Failure): string => explain(failure).message;
    return ok(planJson(found.value, { vars: run.services.vars(run.recipe), describeFailure }));
  };
  return valueOf(await withProject(folder, defaultOptions(), work, { leavesSignals: true }));
}

/** A file, folder or link of a vault. */
export interface VaultEntry {
  readonly path: string;
  readonly type: "file" | "directory" | "link";
  /** Bytes of a file's content. */
  readonly size: number;
  /** Permissions, the low nine bits. */
  readonly mode: number;
  readonly modified: Date;
  /** SHA-256 of a file's content, in hex. */
  readonly sha256: string | undefined;
}

/** Lists a sealed vault, after checking every byte of it. Nothing of the content is kept. */
export async function listVault(file: string, passphrase: string): Promise<readonly VaultEntry[]> {
  const found = await withSecret(passphrase, (secret) => inspectVault(file, secret));
  return found.summary.entries.map(({ entry: { path, type, size, mode, mtime }, sha256 }) => ({
    ...{ path, type, size, mode },
    modified: new Date(mtime * 1000),
    sha256: type === "file" ? sha256 : undefined,
  }));
}

/** Reads one file of a sealed vault, after checking every byte of the vault. */
export async function readFromVault(file: string, passphrase: string, path: string): Promise<Buffer> {
  const wanted = valueOf(vaultPath(path));
  const found = await withSecret(passphrase, (secret) => readVaultFile(file, secret, wanted));
  if (found.line === undefined) return valueOf(noSuchFile(found.inspected.summary.entries, wanted));
  return found.content;
}

async function withSecret<T>(passphrase: string, work: (secret: Secret) => Promise<Result<T>>): Promise<T> {
  const secret = Secret.fromText(passphrase);
  try {
    return valueOf(await work(secret));
  } finally {
    secret.wipe();
  }
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new TazpodError(result.failure);
  return result.value;
}
