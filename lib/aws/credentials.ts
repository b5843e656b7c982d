import { explain } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { now, sleep } from "../host/clock.js";
import { Failed } from "../failure/result.js";
import type { CheckResult } from "../failure/check-result.js";
import { limits } from "./client-config.js";
import { isNetworkCode, readAwsError } from "./errors.js";
import type { MissingCredentials } from "./missing-credentials.js";

/** The credentials that the SDK's provider chain returns. */
export interface Keys {
  readonly expiration?: Date | undefined;
}

/** Whose credentials are checked. */
export interface CredentialOwner {
  /** "profile tazlab" */
  readonly identity: string;
  /** The command to log in, for hints. */
  readonly login: string;
  readonly signal?: AbortSignal | undefined;
  /** Finds out why there are none. */
  readonly explain?: () => Promise<MissingCredentials | undefined>;
}

/**
 * Checks whether the chain returns credentials that have not expired, within 15 s. `false` only when there are none: a
 * network failure while asking SSO is `unknown`.
 */
export async function checkCredentials(
  chain: () => Promise<Keys>,
  owner: CredentialOwner,
): Promise<CheckResult> {
  const late = new AbortController();
  const signal = owner.signal === undefined ? late.signal : AbortSignal.any([late.signal, owner.signal]);
  const timer = sleep(limits.credentials, signal).then(() => undefined);
  try {
    const keys = await Promise.race([chain(), timer]);
    if (keys !== undefined) return judge(keys, owner);
    return {
      state: "unknown",
      reason: owner.signal?.aborted === true ? "stopped" : "loading the credentials took too long",
    };
  } catch (error) {
    return refused(error, owner);
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
  return { state: "true", reason: `credentials found (${identity})${until}` };
}

async function refused(error: unknown, owner: CredentialOwner): Promise<CheckResult> {
  const { identity, login } = owner;
  if (error instanceof Failed) return fromFailure(error.failure);
  const { code, message } = readAwsError(error);
  if (isNetworkCode(code))
    return {
      state: "unknown",
      reason: `the login service could not be reached (${code})`,
      hint: "Check the network.",
    };
  if (/expired|not found or is invalid|refresh/i.test(message)) {
    return { state: "false", reason: `the login of ${identity} has expired`, hint: login };
  }
  const why = await owner.explain?.();
  return { state: "false", reason: `there are no credentials for ${identity}`, hint: login, ...why };
}

/** Maps a failure of tazpod's own login: `false` only when a new login would help. */
function fromFailure(failure: Failure): CheckResult {
  const { message, hint } = explain(failure);
  const isNo =
    failure.kind === "no-credentials" || (failure.kind === "login-failed" && failure.why !== "unavailable");
  return {
    state: isNo ? "false" : "unknown",
    reason: message.replace(/\.$/, ""),
    hint,
  };
}
