// needs: script
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { appendAudit } from "../../lib/requests/audit-log.js";
import { auditFile, auditHead } from "../../lib/vault/audit-chain.js";
import { newFolder } from "../rig/folder.js";
import { bin, run } from "../rig/host.js";
import { value } from "../rig/result.js";
import { withSealed } from "../rig/with-vault.js";

test("a save records the log, `vault ls --json` has its head, and a log that is cut afterwards is found", async () => {
  const host = await withSealed("none", { key: "one" });
  const state = await newFolder("state");
  process.env["XDG_STATE_HOME"] = state;
  Object.assign(host.env, {
    ...{ TAZPOD_PASSPHRASE_FILE: host.passphraseFile, TAZPOD_ENGINE: "docker" },
    ...{ DOCKER_HOST: "unix:///nowhere", XDG_STATE_HOME: state },
  });
  const folder = join(host.folder, ".tazpod", "vault");
  for (const count of [1, 2, 3]) value(await appendAudit(folder, { event: "refused", why: "flood", count }));
  const head = value(await auditHead(folder));
  const set = await run(process.execPath, [bin, "vault", "set", "key", "--force"], {
    ...{ cwd: host.folder, env: host.env, input: "two" },
  });
  assert.is(set.code, 0, set.stderr);
  const listed = await host.tazpod("vault", "ls", "--json");
  assert.equal((JSON.parse(listed.stdout) as { audit: unknown }).audit, [head]);
  const good = await host.tazpod("audit");
  assert.equal([good.code, good.stderr], [0, ""]);
  assert.match(good.stdout, "✔ Audit log intact: 3 entries, recorded in the vault up to entry 3");
  const lines = (await readFile(auditFile(folder), "utf8")).split(/(?<=\n)/);
  await writeFile(auditFile(folder), lines.slice(0, 2).join(""));
  const cut = await host.tazpod("audit");
  assert.is(cut.code, 3);
  assert.match(cut.stdout, "The log has 2 entries, but had 3 when the vault was last saved.");
});

test.run();
