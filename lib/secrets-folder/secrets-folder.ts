import type { Engine } from "../engine/engine.js";
import type { OpenParts } from "../vault/vault-parts.js";

/** The folder in a container's RAM that holds an open vault. */
export interface SecretsFolder {
  readonly engine: Engine;
  /** The vault's folder on the host. */
  readonly vaultFolder: string;
  /** The id of the container's start, see `containerStart`. */
  readonly startId: string;
  readonly container: string;
  readonly user: string;
  /** Absolute path inside, `/home/<user>/secrets`. */
  readonly folder: string;
  /** The maximum size of the content, in bytes. */
  readonly secretsBytes: number;
  /** Paths of the home that link to the same path in the folder while the vault is open. */
  readonly bridges: readonly string[];
}

/** The open vault, as the host records it. */
export interface OpenVault {
  readonly version: 1;
  /** Content digest of the sealed vault, hex. */
  readonly digest: string;
  /** SHA-256 of the sealed file it was opened from or last saved to, hex. */
  readonly base: string;
  /** SHA-256 of the save in progress; a killed save may or may not have replaced the vault. */
  readonly next?: string;
  /** The generation in that file's manifest; 0 without one. */
  readonly generation?: number;
  readonly openedAt: string;
  /** Paths that the last save omitted with --skip-unreadable, because they kept changing. */
  readonly moving?: readonly string[];
  /** The parts as defined at opening, and which are open; when missing, everything is open. */
  readonly parts?: OpenParts;
}
