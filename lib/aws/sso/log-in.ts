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

/** How long another process's login is waited for, in ms: a code is good for ten minutes. */
const maxWaitMs = 15 * 60_000;
/** A client that ends sooner is not begun with, in ms. */
const clientMarginMs = 60 * 60_000;

export interface LoginRequest {
  /** A login that holds already does not do. */
  readonly force: boolean;
  /** Somebody is to be led to this address; called again for a later code. */
  readonly onPrompt: (invitation: LoginPrompt) => void;
  /** Another process is logging in. */
  readonly onWait: (holder: LockHolder) => void;
  readonly onTrouble: (failure: Failure) => void;
  readonly signal: AbortSignal;
}

export interface LoggedIn {
  /** Nobody had to be asked. */
  readonly wasLoggedIn: boolean;
  /** False where the host has no place for it but the memory of this process. */
  readonly isStored: boolean;
}

/**
 * Leads somebody through a login by the device flow, and keeps its token. One process at a time: who waited for another's
 * takes what that one brought. Failures: `login-failed`, `interrupted`, `file`.
 */
export async function logIn(login: SsoLogin, wish: LoginRequest): Promise<Result<LoggedIn>> {
  const store = await TokenStore.open(login);
  const lock = await takeTurn(login, store, wish);
  if (!lock.ok) return lock;
  const { waited, release } = lock.value;
  try {
    const { isStored } = store;
    if (!wish.force || waited) {
      const held = await roleCredentials(login, wish.signal);
      if (held.ok) return ok({ wasLoggedIn: true, isStored });
      if (held.failure.kind !== "no-credentials") return held;
    }
    const token = await runDeviceFlow(login, store, wish);
    if (!token.ok) return token;
    const kept = await store.keepToken(token.value);
    if (!kept.ok) return kept;
    const proof = await roleCredentials(login, wish.signal);
    return proof.ok ? ok({ wasLoggedIn: false, isStored }) : proof;
  } finally {
    await release();
  }
}

interface Turn {
  readonly waited: boolean;
  readonly release: () => Promise<void>;
}

async function takeTurn(login: SsoLogin, store: TokenStore, wish: LoginRequest): Promise<Result<Turn>> {
  const first = await store.lock("login", 0);
  if (!first.ok) return first;
  if (first.value === undefined) return ok({ waited: false, release: async () => undefined });
  if (isLock(first.value)) return ok({ waited: false, release: first.value.release });
  wish.onWait(first.value);
  const next = await store.lock("login", maxWaitMs, wish.signal);
  if (!next.ok) return next;
  if (next.value !== undefined && isLock(next.value))
    return ok({ waited: true, release: next.value.release });
  if (wish.signal.aborted) return fail(interrupted(wish.signal));
  const detail = `process ${first.value.pid} has been logging in for ${maxWaitMs / 60_000} minutes`;
  return fail({ kind: "login-failed", startUrl: login.startUrl, why: "unavailable", detail });
}

async function runDeviceFlow(login: SsoLogin, store: TokenStore, wish: LoginRequest): Promise<Result<Token>> {
  const { signal, onPrompt, onTrouble } = wish;
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
