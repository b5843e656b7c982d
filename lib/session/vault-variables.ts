import { parseEnv } from "node:util";
import { readFile } from "../secrets-folder/contents.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { writeExports } from "../secrets-folder/shell-command.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { RunOptions } from "../run/run-options.js";
import { minMaskedBytes } from "../host/hidden.js";

/** Variables of a command that come from the vault. */
interface VaultVariables {
  /** All their values, to be masked in its output; the caller wipes them. */
  readonly masked: readonly Buffer[];
  /** The file in the secrets folder that exports those of dotenv files, if there are any: see `writeExports`. */
  readonly exports: string | undefined;
  /** The variables with a value that is too short to be masked. */
  readonly unmasked: readonly string[];
}

/** Linux limits a variable to 128 KiB (MAX_ARG_STRLEN), and masking has to keep up with the output. */
const maxVariableBytes = 32 * 1024;

/** Returns whether the command gets variables from the vault, so that its output is masked. */
export function hasVariables({ variables, variableFiles }: RunOptions): boolean {
  return variables.length + variableFiles.length > 0;
}

/**
 * Reads the values of `--env` and the dotenv files of `--dotenv` from the open vault. `--env` counts before files, and
 * a later file before an earlier one. Failure: `precondition` for a path that is not a file of the open vault, or whose
 * content cannot be a variable.
 */
export async function variablesFromVault(
  { variables, variableFiles }: Pick<RunOptions, "variables" | "variableFiles">,
  secrets: SecretsFolder,
): Promise<Result<VaultVariables>> {
  const masked: Buffer[] = [];
  const unmasked: string[] = [];
  const add = (name: string, value: Buffer): void => {
    if (value.length < minMaskedBytes) unmasked.push(name);
    masked.push(value);
  };
  for (const { name, path } of variables) {
    const found = await readValue(secrets, path, `--env ${name}=${path}`);
    if (!found.ok) return found;
    add(name, Buffer.from(found.value.toString("latin1").replace(/\n+$/, ""), "latin1"));
  }
  const exported = new Map<string, string>();
  for (const path of variableFiles) {
    const found = await readValue(secrets, path, `--dotenv ${path}`);
    if (!found.ok) return found;
    const parsed = parseDotenv(found.value, path);
    if (!parsed.ok) return parsed;
    for (const [name, value] of parsed.value) exported.set(name, value);
  }
  for (const { name } of variables) exported.delete(name);
  for (const [name, value] of exported) add(name, Buffer.from(value));
  const exports = exported.size === 0 ? ok(undefined) : await writeExports(secrets, exported);
  return exports.ok ? ok({ masked, exports: exports.value, unmasked }) : exports;
}

async function readValue(secrets: SecretsFolder, path: string, flag: string): Promise<Result<Buffer>> {
  const found = await readFile(secrets, path);
  if (!found.ok) return found;
  const problem = whyUnusable(found.value);
  if (found.value !== undefined && problem === undefined) return ok(found.value);
  return fail({ kind: "precondition", task: "shell", message: `${flag}: ${problem}` });
}

function parseDotenv(content: Buffer, path: string): Result<readonly (readonly [string, string])[]> {
  const refuse = (message: string): Result<never> =>
    fail({ kind: "precondition", task: "shell", message: `--dotenv ${path}: ${message}` });
  const text = content.toString("utf8");
  if (!Buffer.from(text).equals(content)) return refuse("it is not a text in UTF-8.");
  const found = Object.entries(parseEnv(text)).map(([name, value = ""]) => [name, value] as const);
  const odd = found.find(([name]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))?.[0];
  if (odd !== undefined) return refuse(`${JSON.stringify(odd)} cannot be the name of a variable.`);
  return found.length > 0 ? ok(found) : refuse("it has no line NAME=VALUE.");
}

function whyUnusable(value: Buffer | undefined): string | undefined {
  if (value === undefined) return "there is no such file in the open parts of the vault.";
  if (value.includes(0)) return "it contains a NUL byte, which a variable cannot hold.";
  return value.length > maxVariableBytes
    ? `it has ${value.length} bytes; the limit is ${maxVariableBytes}.`
    : undefined;
}
