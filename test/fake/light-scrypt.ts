/**
 * Imported by suites that open many vaults and do not test keys: scrypt then does a thousandth of the work, in the
 * suite's process and in every node that it starts. Vaults sealed this way cannot be opened otherwise.
 */
import crypto, { type BinaryLike, type ScryptOptions } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";

const { scrypt } = crypto;
type Done = (error: Error | null, key: Buffer) => void;
const light = (
  password: BinaryLike,
  salt: BinaryLike,
  length: number,
  options: ScryptOptions,
  done: Done,
): void => scrypt(password, salt, length, { ...options, N: Math.max(2, (options.N ?? 0) / 1024) }, done);
Object.assign(crypto, { scrypt: light });
syncBuiltinESMExports();

const self = `--import=${fileURLToPath(import.meta.url)}`;
const options = process.env["NODE_OPTIONS"] ?? "";
if (!options.includes(self)) process.env["NODE_OPTIONS"] = `${options} ${self}`.trim();
