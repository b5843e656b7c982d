// Loaded with --import: writes to the file TAZPOD_TEST_SCRYPT the salt of every key that the process derives, a line each.
import crypto from "node:crypto";
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { scrypt } = crypto;
crypto.scrypt = (password, salt, ...rest) => {
  appendFileSync(process.env.TAZPOD_TEST_SCRYPT, `${salt.toString("hex")}\n`);
  return scrypt(password, salt, ...rest);
};
syncBuiltinESMExports();
