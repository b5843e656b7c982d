import type { SSOClient } from "@aws-sdk/client-sso";
import type { SSOOIDCClient } from "@aws-sdk/client-sso-oidc";
import type { Failure } from "../../failure/failure.js";
import { printable } from "../../host/printable.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { attempts as usual, limits } from "../client-config.js";
import { interrupted, isNetworkCode, readAwsError } from "../errors.js";
import { withoutSdkWarning, silentLogger } from "../sdk-output.js";
import type { SsoLogin } from "./find-login.js";
import type * as Oidc from "./oidc-sdk.js";
import type * as Portal from "./portal-sdk.js";

/** How long one question to the login service may take with all its attempts, in ms. */
const questionMs = 10_000;

/** The login service's token endpoint. AWS_ENDPOINT_URL_SSO_OIDC puts another in its place. */
export async function oidcService(
  { region }: Pick<SsoLogin, "region">,
  attempts: number = usual,
): Promise<{ readonly sdk: typeof Oidc; readonly client: SSOOIDCClient }> {
  const sdk = await import("./oidc-sdk.js");
  return { sdk, client: withoutSdkWarning(() => new sdk.SSOOIDCClient(settings(region, attempts))) };
}

/** The AWS access portal. AWS_ENDPOINT_URL_SSO puts another in its place. */
export async function portalService({ region }: Pick<SsoLogin, "region">): Promise<{
  readonly sdk: typeof Portal;
  readonly client: SSOClient;
}> {
  const sdk = await import("./portal-sdk.js");
  return { sdk, client: withoutSdkWarning(() => new sdk.SSOClient(settings(region, usual))) };
}

function settings(region: string, maxAttempts: number) {
  const requestHandler = { connectionTimeout: limits.connect };
  return { region, maxAttempts, requestHandler, logger: silentLogger };
}

/** What the login service says to a question. */
export type ServiceAnswer<T> =
  | { readonly refused: false; readonly value: T }
  | {
      readonly refused: true;
      /** Such as "AuthorizationPendingException". */
      readonly code: string;
      /** In the service's words, on one line. */
      readonly detail: string;
    };

/**
 * One question. A service that cannot be reached, has a problem of its own or does not answer within 10 s is
 * `login-failed` ("unavailable"); what it refuses is for the caller to judge. Failure also: `interrupted`.
 */
export async function askService<T>(
  { startUrl }: Pick<SsoLogin, "startUrl">,
  question: (options: { abortSignal: AbortSignal }) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<Result<ServiceAnswer<T>>> {
  const limit = AbortSignal.timeout(questionMs);
  try {
    const abortSignal = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    return ok({ refused: false, value: await question({ abortSignal }) });
  } catch (error) {
    if (signal?.aborted === true) return fail(interrupted(signal));
    const { code, status, message } = readAwsError(error);
    if (limit.aborted) return fail(unavailable(startUrl, `no answer within ${questionMs / 1000} s`));
    if (isNetworkCode(code)) return fail(unavailable(startUrl, code));
    if (status === undefined) throw error;
    // of a network that wants something first, say
    if (status < 400) return fail(unavailable(startUrl, "what answers there is something else"));
    if (status >= 500 || status === 429)
      return fail(unavailable(startUrl, `it has a problem of its own (${status})`));
    return ok({ refused: true, code, detail: `${printable(errorDescription(error) ?? message)} (${code})` });
  }
}

function unavailable(startUrl: string, detail: string): Failure {
  return { kind: "login-failed", startUrl, why: "unavailable", detail };
}

/** The OIDC service has its words in a field of OAuth's. */
function errorDescription(error: unknown): string | undefined {
  const { error_description: words } = error as { error_description?: unknown };
  return typeof words === "string" && words !== "" ? words : undefined;
}
