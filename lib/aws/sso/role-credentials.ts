import type { GetRoleCredentialsResponse } from "@aws-sdk/client-sso";
import { fail, ok, type Result } from "../../failure/result.js";
import type { SsoLogin } from "./find-login.js";
import { type ServiceAnswer, askService, portalService } from "./service.js";
import { reveal, type Token } from "./token.js";
import { TokenStore } from "./token-store.js";
import { validToken } from "./valid-token.js";

/** Credentials in the SDK's form. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration: Date;
}

/**
 * Returns the role's credentials from the stored login; asks no questions. They stay in memory: a file would save later
 * processes one request, but would be another secret on disk, and a revoked role would work for another hour. Failures:
 * those of `validToken`, `login-failed` ("no-role").
 */
export async function roleCredentials(
  login: SsoLogin,
  signal?: AbortSignal,
): Promise<Result<RoleCredentials>> {
  const store = await TokenStore.open(login);
  const token = await validToken(login, store, { signal });
  if (!token.ok) return token;
  const first = await request(login, token.value, signal);
  if (!first.ok || !isOver(first.value)) return judge(login, first);
  // the token was revoked elsewhere
  const next = await validToken(login, store, { rejected: token.value, signal });
  return next.ok ? judge(login, await request(login, next.value, signal)) : next;
}

type RoleAnswer = ServiceAnswer<GetRoleCredentialsResponse>;

async function request(
  login: SsoLogin,
  { access }: Token,
  signal: AbortSignal | undefined,
): Promise<Result<RoleAnswer>> {
  const { sdk, client } = await portalService(login);
  const { accountId, roleName } = login;
  const command = new sdk.GetRoleCredentialsCommand({ accountId, roleName, accessToken: reveal(access) });
  return askService<GetRoleCredentialsResponse>(login, (o) => client.send(command, o), signal);
}

function judge(login: SsoLogin, answer: Result<RoleAnswer>): Result<RoleCredentials> {
  if (!answer.ok) return answer;
  const { accountId, roleName } = login;
  if (answer.value.refused)
    return noRole(login, `role ${roleName} of account ${accountId}: ${answer.value.detail}`);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = answer.value.value.roleCredentials ?? {};
  if (accessKeyId === undefined || secretAccessKey === undefined)
    return noRole(login, "the service returned no credentials");
  return ok({
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: new Date(expiration ?? 0),
  });
}

function isOver(answer: RoleAnswer): boolean {
  return answer.refused && answer.code === "UnauthorizedException";
}

function noRole({ startUrl }: SsoLogin, detail: string): Result<never> {
  return fail({ kind: "login-failed", startUrl, why: "no-role", detail });
}
