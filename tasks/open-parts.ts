#!/usr/bin/env node
import type { Failure } from "../lib/failure/failure.js";
import type { Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fromFailure } from "../lib/run/checks.js";
import { openMissingParts, openParts } from "../lib/session/open-and-close-parts.js";
import { checkPartNames } from "../lib/session/requested-parts.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/session/step.js";

/** Opens the named parts of a vault that is open without them. */
export async function run(context: StepContext): Promise<Result<void>> {
  const secrets = await context.secrets();
  return secrets.ok ? openMissingParts(context, secrets.value) : secrets;
}

function isClosed({ kind }: Failure): boolean {
  return kind === "vault-closed" || kind === "container-gone";
}

const partsOpen: StepCheck = async (context) => {
  const named = checkPartNames(context.project, context.options.parts);
  if (!named.ok) return fromFailure(named.failure);
  // nothing is checked unless a part was named
  if (named.value.length === 0) return holds("no part was named");
  const secrets = await context.secrets();
  const opening = secrets.ok ? await openParts(secrets.value) : secrets;
  if (!opening.ok) return isClosed(opening.failure) ? holds("nothing is open") : fromFailure(opening.failure);
  const { open } = opening.value ?? { open: named.value };
  const missing = named.value.filter((name) => !open.includes(name));
  return missing.length === 0 ? holds("they are open") : fails(`${missing.join(", ")} is closed`);
};

export const checks = { "parts-open": partsOpen };

runWhenMain(import.meta.url);
