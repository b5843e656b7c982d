import { fail, ok, type Result } from "../../failure/result.js";
import type { Environment, S3Settings } from "../client-config.js";

/** A login by IAM Identity Center and the role to assume. */
export interface SsoLogin {
  readonly startUrl: string;
  /** The region of IAM Identity Center, not the bucket's. */
  readonly region: string;
  readonly accountId: string;
  readonly roleName: string;
  /** The scopes of the registered client. Without `sso:account:access` there is no refresh token. */
  readonly scopes: readonly string[];
  /** The sso-session in the AWS configuration, if it comes from there. */
  readonly session?: string;
  /** The profile it comes from; undefined when the project's config has it. */
  readonly profile?: string;
  readonly sharesAwsCache: boolean;
}

const defaultScopes = ["sso:account:access"] as const;

type Section = Readonly<Record<string, string | undefined>>;

/**
 * Finds the login of the settings: the project's own, else the AWS profile's, by an sso-session or the older keys.
 * Undefined when neither has one. Failure: `no-credentials` when the profile's login is incomplete.
 */
export async function findLogin(
  settings: S3Settings,
  env: Environment,
): Promise<Result<SsoLogin | undefined>> {
  const { portal, sharesAwsCache = false } = settings.sso ?? {};
  if (portal !== undefined) return ok({ ...portal, scopes: defaultScopes, sharesAwsCache });
  const profile = settings.profile ?? (env["AWS_PROFILE"] || "default");
  const { parseKnownFiles, loadSsoSessionData } = await import("./ini-files.js");
  const section: Section = (await parseKnownFiles({ ignoreCache: true }))[profile] ?? {};
  const session = section["sso_session"];
  if (session === undefined && section["sso_start_url"] === undefined) return ok(undefined);
  const shared: Section = session === undefined ? section : ((await loadSsoSessionData())[session] ?? {});
  const lacks = (name: string, from: string): Result<never> =>
    fail({
      kind: "no-credentials",
      profile,
      detail: `${from} of the AWS configuration has no ${name}`,
      hint: "Add it, or set `sso:` in .tazpod/config.yaml.",
    });
  const source = session === undefined ? `profile ${profile}` : `sso-session ${session}`;
  const { sso_start_url: startUrl, sso_region: region } = shared;
  const { sso_account_id: accountId, sso_role_name: roleName } = section;
  if (startUrl === undefined) return lacks("sso_start_url", source);
  if (region === undefined) return lacks("sso_region", source);
  // a session alone is for programs without a role; such a profile may have other credentials
  if (accountId === undefined && roleName === undefined && session !== undefined) return ok(undefined);
  if (accountId === undefined) return lacks("sso_account_id", `profile ${profile}`);
  if (roleName === undefined) return lacks("sso_role_name", `profile ${profile}`);
  const scopes = (shared["sso_registration_scopes"] ?? "")
    .split(",")
    .map((scope) => scope.trim())
    .filter((scope) => scope !== "");
  return ok({
    ...{ startUrl, region, accountId, roleName, profile, sharesAwsCache },
    scopes: scopes.length === 0 ? defaultScopes : scopes,
    session,
  });
}
