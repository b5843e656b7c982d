import { explain } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { now, sleep } from "../host/clock.js";
import { Failed } from "../failure/result.js";
import type { CheckResult } from "../failure/check-result.js";
import { limits } from "./client-config.js";
import { isNetworkCode, readAwsError } from "./errors.js";

/** What the SDK's chain gives. */
export interface Keys {
  readonly expiration?: Date | undefined;
}

export interface CredentialOwner {
  /** "profile tazlab" */
  readonly identity: string;
  /** The command that would help, for the hint. */
  readonly login: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whether the chain gives credentials that have not expired; at most 15 s. `false` only when the chain says that
 * there are none: a network that fails while SSO is asked is `unknown`.
 */
export async function checkCredentials(
  chain: () => Promise<Keys>,
  who: CredentialOwner,
): Promise<CheckResult> {
  const late = new AbortController();
  const signal = who.signal === undefined ? late.signal : AbortSignal.any([late.signal, who.signal]);
  const timer = sleep(limits.credentials, signal).then(() => undefined);
  try {
    const keys = await Promise.race([chain(), timer]);
    if (keys !== undefined) return judge(keys, who);
    return {
      state: "unknown",
      reason: who.signal?.aborted === true ? "stopped" : "the credentials took too long to load",
    };
  } catch (error) {
    return refused(error, who);
  } finally {
    late.abort();
  }
}

function judge({ expiration }: Keys, { identity, login }: CredentialOwner): CheckResult {
  if (expiration !== undefined && expiration <= now()) {
    return { state: "false", reason: `the credentials of ${identity} have expired`, hint: login };
  }
  const until =
    expiration === undefined ? "" : ` until ${expiration.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return { state: "true", reason: `credentials are there (${identity})${until}` };
}

function refused(error: unknown, { identity, login }: CredentialOwner): CheckResult {
  if (error instanceof Failed) return fromFailure(error.failure);
  const { code, message } = readAwsError(error);
  if (isNetworkCode(code))
    return {
      state: "unknown",
      reason: `the login service could not be asked (${code})`,
      hint: "Check the network.",
    };
  if (/expired|not found or is invalid|refresh/i.test(message)) {
    return { state: "false", reason: `the login of ${identity} has expired`, hint: login };
  }
  return { state: "false", reason: `there are no credentials for ${identity}`, hint: login };
}

/** What tazpod's own login says: only what a login would change is a no. */
function fromFailure(failure: Failure): CheckResult {
  const { message, hint } = explain(failure);
  const isNo =
    failure.kind === "no-credentials" || (failure.kind === "login-failed" && failure.why !== "unavailable");
  return {
    state: isNo ? "false" : "unknown",
    reason: message.replace(/\.$/, ""),
    ...(hint === undefined ? {} : { hint }),
  };
}
