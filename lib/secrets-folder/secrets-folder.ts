import type { Engine } from "../engine/engine.js";
import type { OpenParts } from "../vault/vault-parts.js";

/** The RAM folder of one container: where an open vault is. */
export interface SecretsFolder {
  readonly engine: Engine;
  /** The vault's folder on the host: what is open is recorded for it. */
  readonly vaultFolder: string;
  /** The start of the container that this is about: see `runOf`. */
  readonly run: string;
  readonly container: string;
  readonly user: string;
  /** Absolute path inside, `/home/<user>/secrets`. */
  readonly folder: string;
  /** How much a vault that is opened into it may take, in bytes. */
  readonly secretsBytes: number;
  /** Paths that the home and the RAM folder have in common while the vault is open: links in the home, to what is open. */
  readonly bridges: readonly string[];
}

/** What is known of the open vault by everything that closes or saves it: the host's own record. */
export interface OpenVault {
  readonly version: 1;
  /** Content digest of what the sealed vault holds, hex. */
  readonly digest: string;
  /** SHA-256 of the sealed file it came from or was last saved to, hex. */
  readonly base: string;
  /** That of the file that a save was about to put in its place: one that was killed then has done so, or has not. */
  readonly next?: string;
  /** What the manifest of that file counts; 0 where it has none. */
  readonly generation?: number;
  readonly openedAt: string;
  /** What the last save left out, as --skip-unreadable said, since it was changed whenever it was read. */
  readonly moving?: readonly string[];
  /** Which parts are open, and what they were when the vault was opened; all of it is open where this is missing. */
  readonly parts?: OpenParts;
}
