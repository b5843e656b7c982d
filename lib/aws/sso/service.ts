import type { SSOClient } from "@aws-sdk/client-sso";
import type { SSOOIDCClient } from "@aws-sdk/client-sso-oidc";
import type { Failure } from "../../failure/failure.js";
import { printable } from "../../host/printable.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { attempts as usual, limits } from "../client-config.js";
import { type Connection, connectionTo } from "../connection.js";
import { interrupted, isNetworkCode, readAwsError } from "../errors.js";
import { withoutSdkWarning, silentLogger } from "../sdk-output.js";
import type { SsoLogin } from "./find-login.js";
import type * as Oidc from "./oidc-sdk.js";
import type * as Portal from "./portal-sdk.js";

/** The time limit of one request with all its attempts, in ms. */
const questionMs = 10_000;

/** Returns a client of the token endpoint; AWS_ENDPOINT_URL_SSO_OIDC replaces its address. */
export async function oidcService(
  { region }: Pick<SsoLogin, "region">,
  attempts: number = usual,
): Promise<{ readonly sdk: typeof Oidc; readonly client: SSOOIDCClient }> {
  const sdk = await import("./oidc-sdk.js");
  const url = process.env["AWS_ENDPOINT_URL_SSO_OIDC"] ?? `https://oidc.${region}.amazonaws.com`;
  const connection = await connectionTo(url, process.env);
  return {
    sdk,
    client: withoutSdkWarning(() => new sdk.SSOOIDCClient(settings(region, attempts, connection))),
  };
}

/** Returns a client of the AWS access portal; AWS_ENDPOINT_URL_SSO replaces its address. */
export async function portalService({ region }: Pick<SsoLogin, "region">): Promise<{
  readonly sdk: typeof Portal;
  readonly client: SSOClient;
}> {
  const sdk = await import("./portal-sdk.js");
  const url = process.env["AWS_ENDPOINT_URL_SSO"] ?? `https://portal.sso.${region}.amazonaws.com`;
  const connection = await connectionTo(url, process.env);
  return { sdk, client: withoutSdkWarning(() => new sdk.SSOClient(settings(region, usual, connection))) };
}

function settings(region: string, maxAttempts: number, connection: Connection) {
  const requestHandler = { connectionTimeout: limits.connect, ...connection };
  return { region, maxAttempts, requestHandler, logger: silentLogger };
}

/** The answer of the login service. */
export type ServiceAnswer<T> =
  | { readonly refused: false; readonly value: T }
  | {
      readonly refused: true;
      /** Such as "AuthorizationPendingException". */
      readonly code: string;
      /** The service's message, on one line. */
      readonly detail: string;
    };

/**
 * Sends one request. A service that is unreachable, has an internal error or does not answer within 10 s is
 * `login-failed` ("unavailable"); refusals are for the caller to judge. Failure also: `interrupted`.
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
    // for example a captive portal
    if (status < 400) return fail(unavailable(startUrl, "something else answers at this address"));
    if (status >= 500 || status === 429)
      return fail(unavailable(startUrl, `it reports an internal error (${status})`));
    return ok({ refused: true, code, detail: `${printable(errorDescription(error) ?? message)} (${code})` });
  }
}

function unavailable(startUrl: string, detail: string): Failure {
  return { kind: "login-failed", startUrl, why: "unavailable", detail };
}

/** The OIDC service's message is in an OAuth field. */
function errorDescription(error: unknown): string | undefined {
  const { error_description: words } = error as { error_description?: unknown };
  return typeof words === "string" && words !== "" ? words : undefined;
}
