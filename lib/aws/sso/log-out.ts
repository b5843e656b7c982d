import type { Result } from "../../failure/result.js";
import type { SsoLogin } from "./find-login.js";
import { askService, portalService } from "./service.js";
import { reveal } from "./token.js";
import { TokenStore } from "./token-store.js";

/** The result of a logout. */
export interface LoggedOut {
  readonly wasLoggedIn: boolean;
  /** Whether the portal ended the session too; undefined when it was not asked. */
  readonly endedByPortal?: boolean;
}

/** Removes the login and its client, and first tells the portal if possible. Failures: `file`, `interrupted`. */
export async function logOut(
  login: SsoLogin,
  { offline, signal }: { readonly offline: boolean; readonly signal: AbortSignal },
): Promise<Result<LoggedOut>> {
  const store = await TokenStore.open(login);
  const found = await store.token();
  if (!found.ok) return found;
  const accessToken = found.value === undefined ? undefined : reveal(found.value.access);
  let endedByPortal: boolean | undefined;
  if (accessToken !== undefined && !offline) {
    const { sdk, client } = await portalService(login);
    const told = await askService(
      login,
      (o) => client.send(new sdk.LogoutCommand({ accessToken }), o),
      signal,
    );
    if (!told.ok && told.failure.kind === "interrupted") return told;
    endedByPortal = told.ok && !told.value.refused;
  }
  for (const removed of [await store.removeToken(), await store.removeClient()])
    if (!removed.ok) return removed;
  return {
    ok: true,
    value: {
      wasLoggedIn: accessToken !== undefined,
      endedByPortal,
    },
  };
}
