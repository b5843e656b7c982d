/**
 * Replaces a vault and dies by SIGKILL at a step: `store-victim.js FOLDER STEP NTH`. The bytes are 3 MiB of "n", so
 * that there are three "writing" steps.
 */
import { ok } from "../../lib/result.js";
import { replaceVault } from "../../lib/vault/store.js";

const [folder = "", fatal = "", nth = "1"] = process.argv.slice(2);
let left = Number(nth);
await replaceVault({
  folder,
  bytes: Buffer.alloc(3 * 1024 * 1024, "n"),
  verify: async () => ok(undefined),
  onStep(step) {
    if (step === fatal && --left === 0) process.kill(process.pid, "SIGKILL");
  },
});
