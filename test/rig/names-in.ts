import { Secret } from "../../lib/host/secret.js";
import { listVault } from "../../lib/vault/inspect-vault.js";
import { passphrase } from "./host.js";
import { value } from "./result.js";

/** The paths in a sealed file that the tests' passphrase opens. */
export async function namesIn(path: string): Promise<string[]> {
  const { entries } = value(await listVault(path, Secret.fromText(passphrase)));
  return entries.map(({ entry }) => entry.path);
}
