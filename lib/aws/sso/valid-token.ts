import type { Failure } from "../../failure/failure.js";
import { now } from "../../host/clock.js";
import { isLock } from "../../host/lock-file.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { tokenOf } from "./device-flow.js";
import type { SsoLogin } from "./find-login.js";
import { askService, oidcService } from "./service.js";
import { reveal, type Token } from "./token.js";
import type { TokenStore } from "./token-store.js";

/** Tokens are renewed this long before they expire, in ms. */
const renewBeforeMs = 5 * 60_000;
/** How long to wait for another process's renewal, in ms. */
const maxWaitMs = 15_000;

interface TokenRequest {
  /** A token that has not expired, but the portal rejected. */
  readonly rejected?: Token;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns a valid token, renewed if it is about to expire; asks no questions. Failures: `no-credentials` when a login
 * is needed, `login-failed` ("unavailable") when the token has expired and the service is unreachable, `interrupted`,
 * `file`.
 */
export async function validToken(
  login: SsoLogin,
  store: TokenStore,
  request: TokenRequest = {},
): Promise<Result<Token>> {
  const found = await store.token();
  if (!found.ok) return found;
  if (found.value === undefined) return fail(noLogin(login, "there is no login"));
  if (isFresh(found.value, request)) return ok(found.value);
  const lock = await store.lock("renewal", maxWaitMs, request.signal);
  if (!lock.ok) return lock;
  try {
    return await renewed(login, store, request);
  } finally {
    if (lock.value !== undefined && isLock(lock.value)) await lock.value.release();
  }
}

/** Reads the token again: another process may have renewed it, and a refresh token works only once. */
async function renewed(login: SsoLogin, store: TokenStore, request: TokenRequest): Promise<Result<Token>> {
  const found = await store.token();
  if (!found.ok) return found;
  const token = found.value;
  if (token === undefined) return fail(noLogin(login, "there is no login"));
  if (isFresh(token, request)) return ok(token);
  const next = await renew(login, token, request.signal);
  if (next.ok && next.value !== undefined) {
    const kept = await store.keepToken(next.value);
    return kept.ok ? ok(next.value) : kept;
  }
  if (token.expires > now() && !isUnwanted(token, request)) return ok(token);
  if (!next.ok) return next;
  return fail(noLogin(login, "the login has expired"));
}

/** Renews a token; undefined when that is impossible or refused. */
async function renew(
  login: SsoLogin,
  { refresh, client }: Token,
  signal: AbortSignal | undefined,
): Promise<Result<Token | undefined>> {
  if (refresh === undefined || client === undefined || client.expires <= now()) return ok(undefined);
  const service = await oidcService(login);
  const command = new service.sdk.CreateTokenCommand({
    clientId: client.id,
    clientSecret: reveal(client.secret),
    grantType: "refresh_token",
    refreshToken: reveal(refresh),
  });
  const answer = await askService(login, (o) => service.client.send(command, o), signal);
  if (!answer.ok) return answer;
  return answer.value.refused ? ok(undefined) : tokenOf(login, answer.value.value, client, refresh);
}

function isFresh(token: Token, request: TokenRequest): boolean {
  return token.expires.getTime() - now().getTime() > renewBeforeMs && !isUnwanted(token, request);
}

function isUnwanted({ access }: Token, { rejected }: TokenRequest): boolean {
  return rejected !== undefined && access.equals(rejected.access);
}

function noLogin({ startUrl, profile }: SsoLogin, what: string): Failure {
  const where = profile === undefined ? startUrl : `${startUrl} (profile ${profile})`;
  return {
    kind: "no-credentials",
    profile,
    detail: `${what} at ${where}`,
    hint: "Run `tazpod login`.",
  };
}
