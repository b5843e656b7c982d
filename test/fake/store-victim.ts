/**
 * Replaces a vault and dies by SIGKILL at a step: `store-victim.js FOLDER STEP NTH`. The bytes are 3 MiB of "n", so
 * that there are three "writing" steps.
 */
import { ok } from "../../lib/failure/result.js";
import { replaceVault } from "../../lib/vault/store.js";

const [folder = "", fatal = "", nth = "1"] = process.argv.slice(2);
let left = Number(nth);
await replaceVault({
  folder,
  async fill(write) {
    for (let count = 0; count < 3; count++) await write(Buffer.alloc(1024 * 1024, "n"));
    return ok(undefined);
  },
  verify: async () => ok(undefined),
  onStep(step) {
    if (step === fatal && --left === 0) process.kill(process.pid, "SIGKILL");
  },
});
