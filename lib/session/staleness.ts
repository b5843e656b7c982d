import { explain } from "../failure/explain.js";
import { checkStaleness, noRemoteReason } from "../remote/local-vault.js";
import type { Staleness } from "../remote/remote-types.js";
import { ago } from "../host/human.js";
import { fails, holds, unknown, type StepContext, type CheckResult } from "./step.js";

/** How long the shell waits for an answer once the passphrase is there, in ms. */
const patienceMs = 1_000;

/** Starts to ask the remote whether it has changed, without waiting. Asks nothing if that needs a login. */
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

/** Checks the fact `vault-current`; waits at most a second. `lateRemoteChange` reports a later answer. */
export async function vaultCurrent(context: StepContext): Promise<CheckResult> {
  const { session, project } = context;
  const { url } = project.config.remote;
  if (session.remoteCheck.isNeedless) return holds("it was fetched or written in this run");
  if (isOffline(context)) return holds("not asked: --offline");
  const found = await withTimeout(startRemoteCheck(context), patienceMs);
  if (found === undefined) {
    session.remoteCheck.isLate = true;
    return unknown(describeUnknown(url, `no answer within ${patienceMs / 1000} s`));
  }
  return toCheckResult(found, url);
}

/** Checks the fact `vault-diverged`; waits for the answer. */
export async function vaultDiverged(context: StepContext): Promise<CheckResult> {
  const { url } = context.project.config.remote;
  const found = await startRemoteCheck(context);
  switch (found.state) {
    case "diverged":
      return holds(describeChange(found, url));
    case "newer":
      return fails(
        `${describeChange(found, url)}, and there are no unpushed changes here: \`tazpod pull\` fetches it`,
      );
    case "current":
      return fails(url === "none" ? noRemoteReason : `${url} has not changed since this host last saw it`);
    case "unknown":
      return unknown(explain(found.failure).message);
  }
}

/** Returns a change at the remote that was reported too late for the unlock; undefined if there is none. */
export async function lateRemoteChange({ session, project }: StepContext): Promise<string | undefined> {
  if (!session.remoteCheck.isLate || session.remoteCheck.answer === undefined) return undefined;
  const found = await withTimeout(session.remoteCheck.answer, 0);
  if (found?.state !== "newer" && found?.state !== "diverged") return undefined;
  return `${describeChange(found, project.config.remote.url)}; the answer came after the vault was opened.`;
}

/** Returns whether the remote must not be contacted (--offline): a folder may be on a sleeping disk or a network. */
export function isOffline({ options, project }: StepContext): boolean {
  return options.offline && project.config.remote.url !== "none";
}

type RemoteChange = Extract<Staleness, { state: "newer" | "diverged" }>;

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

function describeChange({ state, object, unpushed }: RemoteChange, url: string): string {
  const { host = "Another host", modified } = object;
  if (state === "newer") return `${host} pushed a newer vault to ${url} ${ago(modified)}`;
  return unpushed
    ? `${host} pushed a newer vault to ${url} ${ago(modified)}, and the local vault has unpushed changes`
    : `${host} pushed a vault to ${url} ${ago(modified)} that lacks what this host pushed before`;
}

function describeUnknown(url: string, reason: string): string {
  return `Could not check ${url} for a newer vault: ${reason}.`;
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
