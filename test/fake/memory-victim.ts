/**
 * Measures the memory of sealing and opening: `memory-victim.js FOLDER FORMAT MIB seal|open`. Prints one JSON line, in
 * bytes: `idle` when all is loaded, `streaming` the maximum after the key was derived, `most` the overall maximum.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ok, take } from "../../lib/failure/result.js";
import { Secret } from "../../lib/host/secret.js";
import { normalise } from "../../lib/vault/archive/normalise.js";
import { noTarWarnings } from "../../lib/vault/archive/tar-warnings.js";
import type { VaultFormat } from "../../lib/vault/vault-format.js";
import { openVault } from "../../lib/vault/open-vault.js";
import { sealInto } from "../../lib/vault/seal-into.js";
import { vaultFileName } from "../../lib/vault/store.js";
import { endOfTar, tarHeader } from "../../lib/vault/archive/tar-header.js";

const [folder = "", format = "", mebibytes = "", what = ""] = process.argv.slice(2);
const passphrase = Secret.fromText("correct horse battery");
const limitBytes = 2 ** 36;
const MiB = 2 ** 20;
const block = randomBytes(MiB);

/** Not compressible: it repeats at distances beyond gzip's window. */
async function* content(): AsyncGenerator<Buffer> {
  const file = { path: "file", type: "file", mode: 0o600, size: Number(mebibytes) * MiB, mtime: 0 } as const;
  yield tarHeader(file);
  for (let count = 0; count < Number(mebibytes); count++) yield block;
  yield endOfTar;
}

function status(field: "VmRSS" | "VmHWM"): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(
    readFileSync("/proc/self/status", "utf8"),
  );
  return Number(kilobytes?.[1]) * 1024;
}

let before = 0;
/** Resets VmHWM, the peak memory (proc(5), clear_refs). */
function forgetMost(): void {
  before = Math.max(before, status("VmHWM"));
  writeFileSync("/proc/self/clear_refs", "5");
}

// load what would be loaded on demand
await import("tar-stream");
const idle = status("VmRSS");
if (what === "seal") {
  let begun = false;
  take(
    await sealInto({
      folder,
      source: () => ({
        tar: Readable.from(content(), { objectMode: false }),
        done: Promise.resolve(ok(noTarWarnings)),
      }),
      passphrase,
      format: format as VaultFormat,
      limitBytes,
      onStep(step) {
        if (step !== "writing" || begun) return;
        begun = true;
        forgetMost();
      },
    }),
  );
} else {
  const opened = take(await openVault(join(folder, vaultFileName), passphrase));
  forgetMost();
  const { tar, summary } = normalise(opened.tar, { limitBytes, format: opened.format });
  tar.resume();
  take(await summary);
}
const streaming = status("VmHWM");
process.stdout.write(`${JSON.stringify({ idle, streaming, most: Math.max(before, streaming) })}\n`);
