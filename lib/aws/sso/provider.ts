import { Failed } from "../../failure/result.js";
import type { Environment, S3Settings } from "../client-config.js";
import { isNetworkCode, readAwsError } from "../errors.js";
import { findLogin, type SsoLogin } from "./find-login.js";
import { type RoleCredentials, roleCredentials } from "./role-credentials.js";

type Provider<T> = () => Promise<T>;

/**
 * Returns the credential provider for the S3 client: tazpod's own login, and for a profile without one the SDK's
 * `chain`, which finds the login of `aws sso login`. Undefined when the settings name no login. The provider rejects
 * with `Failed`.
 */
export async function loginProvider<T>(
  settings: S3Settings,
  env: Environment,
  chain: Provider<T>,
): Promise<Provider<T | RoleCredentials> | undefined> {
  const found = await findLogin(settings, env);
  if (found.ok && found.value === undefined) return undefined;
  let asked: Promise<T | RoleCredentials> | undefined;
  const credentials = async (): Promise<T | RoleCredentials> => {
    if (!found.ok) throw new Failed(found.failure);
    return credentialsFor(found.value as SsoLogin, chain);
  };
  // two concurrent calls would renew the token twice
  return () => (asked ??= credentials().finally(() => (asked = undefined)));
}

async function credentialsFor<T>(login: SsoLogin, chain: Provider<T>): Promise<T | RoleCredentials> {
  const own = await roleCredentials(login);
  if (own.ok) return own.value;
  if (login.profile === undefined || login.sharesAwsCache || own.failure.kind !== "no-credentials")
    throw new Failed(own.failure);
  try {
    return await chain();
  } catch (error) {
    throw isNetworkCode(readAwsError(error).code) ? error : new Failed(own.failure);
  }
}
