/**
 * Imported by suites that open many vaults and do not test keys: scrypt then does a thousandth of the work, in the
 * suite's process and in every node that it starts. Vaults sealed this way cannot be opened otherwise. It is CommonJS,
 * which each of those nodes loads faster.
 */
const crypto = process.getBuiltinModule("node:crypto");
const { scrypt } = crypto;
const light = (...[password, salt, length, options, done]: Required<Parameters<typeof scrypt>>): void =>
  scrypt(password, salt, length, { ...options, N: Math.max(2, (options.N ?? 0) / 1024) }, done);
Object.assign(crypto, { scrypt: light });
process.getBuiltinModule("node:module").syncBuiltinESMExports();

const self = `--require="${__filename}"`;
const before = process.env["NODE_OPTIONS"] ?? "";
if (!before.includes(self)) process.env["NODE_OPTIONS"] = `${before} ${self}`.trim();
// no process of its own for the little work: lib/host/scrypt.ts
process.env["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1";
