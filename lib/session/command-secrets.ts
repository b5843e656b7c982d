import { readFile } from "../secrets-folder/contents.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { fail, ok, type Result } from "../failure/result.js";
import { leastMasked } from "./mask.js";
import type { StepContext } from "./step.js";

/** A kernel takes no longer variable than 128 KiB, and masking has to keep up with what is printed. */
const mostBytes = 32 * 1024;

/**
 * What the variables of a command are set to, to be masked in what it prints. Failure: `precondition` for what is no file
 * of the open vault, or cannot be a variable.
 */
export async function variableValues(
  context: StepContext,
  secrets: SecretsFolder,
): Promise<Result<Buffer[]>> {
  const values: Buffer[] = [];
  for (const { name, path } of context.options.variables) {
    const found = await readFile(secrets, path);
    if (!found.ok) return found;
    const problem = unusable(found.value);
    if (found.value === undefined || problem !== undefined)
      return fail({ kind: "precondition", task: "shell", message: `--env ${name}=${path}: ${problem}` });
    const value = Buffer.from(found.value.toString("latin1").replace(/\n+$/, ""), "latin1");
    if (value.length < leastMasked)
      context.terminal.print(`--env ${name}: what is shorter than ${leastMasked} bytes is not masked.`);
    values.push(value);
  }
  return ok(values);
}

function unusable(value: Buffer | undefined): string | undefined {
  if (value === undefined) return "there is no such file in what is open of the vault.";
  if (value.includes(0)) return "it has a NUL byte in it, which no variable can hold.";
  return value.length > mostBytes ? `it has ${value.length} bytes, and ${mostBytes} is the most.` : undefined;
}
