import { explain } from "../failure/explain.js";
import { checkStaleness, type Staleness } from "../remote/local-vault.js";
import type { RemoteObject } from "../remote/remote-types.js";
import { ago } from "../host/human.js";
import { fails, holds, unknown, type StepContext, type CheckResult } from "./step.js";

/** How long the shell is held for an answer that has not come by the time the passphrase is there. */
const patienceMs = 1_000;

/**
 * Begins to ask the remote whether it has moved on. Nobody waits for the answer, and nothing is asked where that would
 * take a login, or where the run is offline.
 */
export function startRemoteCheck(context: StepContext): Promise<Staleness> {
  const { session, project } = context;
  session.remoteCheck.answer ??= (async (): Promise<Staleness> => {
    const remote = await context.remote();
    const credentials = await remote.credentials(session.over);
    if (credentials.state === "true") return checkStaleness(remote, project.vaultFolder, session.over);
    const { reason: detail, hint = "Run `tazpod login`." } = credentials;
    return { state: "unknown", failure: { kind: "no-credentials", detail, hint } };
  })();
  return session.remoteCheck.answer;
}

/** The fact `vault-current`: waits a second at most, and leaves what comes later to `lateNews`. */
export async function vaultCurrent(context: StepContext): Promise<CheckResult> {
  const { session, project } = context;
  const { url } = project.config.remote;
  if (session.remoteCheck.isNeedless) return holds("it came in this run");
  if (isOffline(context)) return holds("not asked: --offline");
  const found = await withTimeout(startRemoteCheck(context), patienceMs);
  if (found === undefined) {
    session.remoteCheck.isLate = true;
    return unknown(describeUnknown(url, `no answer within ${patienceMs / 1000} s`));
  }
  return toCheckResult(found, url);
}

/** The fact `vault-diverged`: waits as long as it takes. */
export async function vaultDiverged(context: StepContext): Promise<CheckResult> {
  const { url } = context.project.config.remote;
  const found = await startRemoteCheck(context);
  switch (found.state) {
    case "diverged":
      return holds(describeChange(found, url));
    case "newer":
      return fails(
        `${describeChange(found, url)}, and nothing here waits for a push: \`tazpod pull\` takes it`,
      );
    case "current":
      return fails(`${url} has not moved on since this host last saw it`);
    case "unknown":
      return unknown(explain(found.failure).message);
  }
}

/** What came too late to hold the shell for; undefined when it is no news, or has not come even now. */
export async function lateRemoteChange({ session, project }: StepContext): Promise<string | undefined> {
  if (!session.remoteCheck.isLate || session.remoteCheck.answer === undefined) return undefined;
  const found = await withTimeout(session.remoteCheck.answer, 0);
  if (found?.state !== "newer" && found?.state !== "diverged") return undefined;
  return `${describeChange(found, project.config.remote.url)}; the answer came after the vault was opened.`;
}

/** `--offline`, where the remote takes a network. */
export function isOffline({ options, project }: StepContext): boolean {
  return options.offline && project.config.remote.url.startsWith("s3://");
}

function toCheckResult(found: Staleness, url: string): CheckResult {
  switch (found.state) {
    case "current":
      return holds(`${url} has no newer one`);
    case "newer":
    case "diverged":
      return fails(describeChange(found, url));
    case "unknown":
      return unknown(describeUnknown(url, explain(found.failure).message.replace(/\.$/, "")));
  }
}

function describeChange(
  { state, object }: { state: "newer" | "diverged"; object: RemoteObject },
  url: string,
): string {
  const { host = "Somebody", modified } = object;
  return state === "newer"
    ? `${host} pushed a newer vault to ${url} ${ago(modified)}`
    : `${host} pushed a newer vault to ${url} ${ago(modified)}, and the vault here has changes that were not pushed`;
}

function describeUnknown(url: string, reason: string): string {
  return `Whether ${url} has a newer vault is not known: ${reason}.`;
}

async function withTimeout<T>(answer: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
