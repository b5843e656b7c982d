import type { Failure } from "../../failure/failure.js";
import { now } from "../../host/clock.js";
import { isLock, type LockHolder } from "../../host/lock-file.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { interrupted } from "../errors.js";
import { type LoginPrompt, pollToken, registerClient, startAuthorization } from "./device-flow.js";
import type { SsoLogin } from "./find-login.js";
import { roleCredentials } from "./role-credentials.js";
import type { Client, Token } from "./token.js";
import { TokenStore } from "./token-store.js";

/** How long to wait for another process's login, in ms: a code is valid for ten minutes. */
const maxWaitMs = 15 * 60_000;
/** The minimum remaining validity of a client, in ms. */
const clientMarginMs = 60 * 60_000;

/** How to log in, and whom to notify. */
export interface LoginRequest {
  /** Logs in even if there is a valid login. */
  readonly force: boolean;
  /** Shows the user the address; called again for a later code. */
  readonly onPrompt: (invitation: LoginPrompt) => void;
  /** Called when another process is logging in. */
  readonly onWait: (holder: LockHolder) => void;
  readonly onTrouble: (failure: Failure) => void;
  readonly signal: AbortSignal;
}

/** The result of a login. */
export interface LoggedIn {
  /** Whether there was a valid login already. */
  readonly wasLoggedIn: boolean;
  /** False when it is kept only in this process's memory. */
  readonly isStored: boolean;
}

/**
 * Logs in with the device flow and stores the token. One process at a time: a process that waited uses the other's
 * login. Failures: `login-failed`, `interrupted`, `file`.
 */
export async function logIn(login: SsoLogin, request: LoginRequest): Promise<Result<LoggedIn>> {
  const store = await TokenStore.open(login);
  const lock = await takeTurn(login, store, request);
  if (!lock.ok) return lock;
  const { waited, release } = lock.value;
  try {
    const { isStored } = store;
    if (!request.force || waited) {
      const held = await roleCredentials(login, request.signal);
      if (held.ok) return ok({ wasLoggedIn: true, isStored });
      if (held.failure.kind !== "no-credentials") return held;
    }
    const token = await runDeviceFlow(login, store, request);
    if (!token.ok) return token;
    const kept = await store.keepToken(token.value);
    if (!kept.ok) return kept;
    const proof = await roleCredentials(login, request.signal);
    return proof.ok ? ok({ wasLoggedIn: false, isStored }) : proof;
  } finally {
    await release();
  }
}

interface Turn {
  readonly waited: boolean;
  readonly release: () => Promise<void>;
}

async function takeTurn(login: SsoLogin, store: TokenStore, request: LoginRequest): Promise<Result<Turn>> {
  const first = await store.lock("login", 0);
  if (!first.ok) return first;
  if (first.value === undefined) return ok({ waited: false, release: async () => undefined });
  if (isLock(first.value)) return ok({ waited: false, release: first.value.release });
  request.onWait(first.value);
  const next = await store.lock("login", maxWaitMs, request.signal);
  if (!next.ok) return next;
  if (next.value !== undefined && isLock(next.value))
    return ok({ waited: true, release: next.value.release });
  if (request.signal.aborted) return fail(interrupted(request.signal));
  const detail = `process ${first.value.pid} has been logging in for ${maxWaitMs / 60_000} minutes`;
  return fail({ kind: "login-failed", startUrl: login.startUrl, why: "unavailable", detail });
}

async function runDeviceFlow(
  login: SsoLogin,
  store: TokenStore,
  request: LoginRequest,
): Promise<Result<Token>> {
  const { signal, onPrompt, onTrouble } = request;
  const known = await store.client();
  if (!known.ok) return known;
  for (let client = known.value; ; client = undefined) {
    const old = client !== undefined && isGood(client) ? client : undefined;
    const asking = old === undefined ? await registerAndStore(login, store, signal) : ok(old);
    if (!asking.ok) return asking;
    const started = await startAuthorization(login, asking.value, signal);
    if (!started.ok) return started;
    if (started.value !== "unknown-client") {
      onPrompt(started.value);
      return pollToken(login, { authorization: started.value, client: asking.value, signal, onTrouble });
    }
    if (old === undefined) {
      const detail = "it does not know the client that it has just registered";
      return fail({ kind: "login-failed", startUrl: login.startUrl, why: "refused", detail });
    }
  }
}

function isGood({ expires }: Client): boolean {
  return expires.getTime() - now().getTime() > clientMarginMs;
}

async function registerAndStore(
  login: SsoLogin,
  store: TokenStore,
  signal: AbortSignal,
): Promise<Result<Client>> {
  const client = await registerClient(login, signal);
  if (!client.ok) return client;
  const kept = await store.keepClient(client.value);
  return kept.ok ? client : kept;
}
