/**
 * Reseals a vault from the passphrase "old" to "new", in the age format, and dies by SIGKILL at a step:
 * `reseal-victim.js VAULT STEP`.
 */
import { Secret } from "../../lib/host/secret.js";
import { reseal } from "../../lib/vault/reseal.js";

const [path = "", fatal = ""] = process.argv.slice(2);
await reseal({
  path,
  from: Secret.fromText("old"),
  to: Secret.fromText("new"),
  format: "age",
  onStep(step) {
    if (step === fatal) process.kill(process.pid, "SIGKILL");
  },
});
