import type { Failure } from "../../failure/failure.js";
import { now, sleep } from "../../host/clock.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { Secret } from "../../host/secret.js";
import { interrupted } from "../errors.js";
import type { SsoLogin } from "./find-login.js";
import { askService, oidcService } from "./service.js";
import { type Client, reveal, type Token } from "./token.js";

/** The address that the user opens and the code shown there. */
export interface LoginPrompt {
  /** An http or https URL in normalised form. */
  readonly address: string;
  readonly code: string;
  readonly expires: Date;
}

interface Authorization extends LoginPrompt {
  readonly deviceCode: string;
  readonly intervalMs: number;
}

interface Polling {
  readonly authorization: Authorization;
  readonly client: Client;
  /** Called once when the service stops answering; polling continues. */
  readonly onTrouble: (failure: Failure) => void;
  readonly signal: AbortSignal;
}

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

/** RFC 8628, 3.2 and 3.5: the default interval between polls, and by how much to slow down. */
const usualIntervalMs = 5_000;
const slowerMs = 5_000;

/** Registers a client. Failures: `login-failed`, `interrupted`. */
export async function registerClient(login: SsoLogin, signal: AbortSignal): Promise<Result<Client>> {
  const { sdk, client } = await oidcService(login);
  const given = { clientName: "tazpod", clientType: "public", scopes: [...login.scopes] };
  const answer = await askService(login, (o) => client.send(new sdk.RegisterClientCommand(given), o), signal);
  if (!answer.ok) return answer;
  if (answer.value.refused) return refused(login, answer.value.detail);
  const { clientId, clientSecret, clientSecretExpiresAt = 0 } = answer.value.value;
  if (clientId === undefined || clientSecret === undefined) return refused(login, "it registered no client");
  const expires = new Date(clientSecretExpiresAt * 1000);
  return ok({ id: clientId, secret: Secret.fromText(clientSecret), expires });
}

/**
 * Starts a login; `unknown-client` when the service no longer knows the client. Failures: `login-failed`,
 * `interrupted`.
 */
export async function startAuthorization(
  login: SsoLogin,
  known: Client,
  signal: AbortSignal,
): Promise<Result<Authorization | "unknown-client">> {
  const { sdk, client } = await oidcService(login);
  const { startUrl } = login;
  const given = { clientId: known.id, clientSecret: reveal(known.secret), startUrl };
  const answer = await askService(
    login,
    (o) => client.send(new sdk.StartDeviceAuthorizationCommand(given), o),
    signal,
  );
  if (!answer.ok) return answer;
  if (answer.value.refused) {
    const { code, detail } = answer.value;
    return /^(Invalid|Unauthorized)Client/.test(code) ? ok("unknown-client") : refused(login, detail);
  }
  const { deviceCode, userCode = "", expiresIn = 600, interval, ...uris } = answer.value.value;
  const address = webAddress(uris.verificationUriComplete ?? uris.verificationUri);
  if (deviceCode === undefined || address === undefined || !/^[\x21-\x7e]{1,40}$/.test(userCode))
    return refused(login, "it gave no address to open, or no code");
  const expires = new Date(now().getTime() + expiresIn * 1000);
  const intervalMs = interval ? interval * 1000 : usualIntervalMs;
  return ok({ address, code: userCode, expires, deviceCode, intervalMs });
}

/** Polls for the token until the user has decided or the code has expired. Failures: `login-failed`, `interrupted`. */
export async function pollToken(login: SsoLogin, polling: Polling): Promise<Result<Token>> {
  const { authorization, client: known, signal, onTrouble } = polling;
  // no retries by the SDK, which would ignore the interval
  const { sdk, client } = await oidcService(login, 1);
  let { intervalMs } = authorization;
  let trouble: Failure | undefined;
  for (;;) {
    await sleep(intervalMs, signal);
    if (signal.aborted) return fail(interrupted(signal));
    if (now() >= authorization.expires)
      return fail(trouble ?? failed(login, "expired", "the code has expired"));
    const given = { clientId: known.id, clientSecret: reveal(known.secret), grantType: deviceGrant };
    const { deviceCode } = authorization;
    const command = new sdk.CreateTokenCommand({ ...given, deviceCode });
    const answer = await askService(login, (o) => client.send(command, o), signal);
    if (!answer.ok) {
      if (answer.failure.kind !== "login-failed") return answer;
      if (trouble === undefined) onTrouble(answer.failure);
      trouble = answer.failure;
      continue;
    }
    trouble = undefined;
    if (!answer.value.refused) return tokenOf(login, answer.value.value, known);
    const { code, detail } = answer.value;
    if (code === "SlowDownException") intervalMs += slowerMs;
    else if (code === "AccessDeniedException") return fail(failed(login, "denied", detail));
    else if (code === "ExpiredTokenException") return fail(failed(login, "expired", detail));
    else if (code !== "AuthorizationPendingException") return refused(login, detail);
  }
}

interface TokenAnswer {
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
  readonly expiresIn?: number | undefined;
}

/** Returns the token of an answer. A renewal without a new refresh token keeps the old one. */
export function tokenOf(
  login: SsoLogin,
  { accessToken, refreshToken, expiresIn = 0 }: TokenAnswer,
  client: Client,
  before?: Secret,
): Result<Token> {
  if (accessToken === undefined) return refused(login, "it gave no token");
  const refresh = refreshToken === undefined ? before : Secret.fromText(refreshToken);
  return ok({
    access: Secret.fromText(accessToken),
    expires: new Date(now().getTime() + expiresIn * 1000),
    client,
    refresh,
  });
}

function refused(login: SsoLogin, detail: string): Result<never> {
  return fail(failed(login, "refused", detail));
}

function failed({ startUrl }: SsoLogin, why: "denied" | "expired" | "refused", detail: string): Failure {
  return { kind: "login-failed", startUrl, why, detail };
}

/** Returns an address that is safe to pass to a browser: no other scheme, nothing that looks like an option. */
function webAddress(text: string | undefined): string | undefined {
  try {
    const url = new URL(text ?? "");
    return ["https:", "http:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
