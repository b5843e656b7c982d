/**
 * One of several hosts that write to one remote: `sync-writer.js SETTINGS FOLDER NAME ROUNDS`. In each round it pulls
 * the vault, adds a line, and pushes until that is acknowledged. The vault only starts like a real one; then it has a
 * line per edit. Prints each acknowledged line.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openRemote } from "../../lib/remote/open-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import type { RemoteSettings } from "../../lib/remote/remote-types.js";

const [settings = "", folder = "", name = "", rounds = "0"] = process.argv.slice(2);
const remote = await openRemote(JSON.parse(settings) as RemoteSettings, { folder });
const vault = join(folder, "vault.tar.aes");
const start = `age-encryption.org/v1\n${"-".repeat(60)}\n`;

for (let round = 0; round < Number(rounds);) {
  const pulled = await pull({ remote, folder, force: true });
  if (!pulled.ok && pulled.failure.kind !== "remote-absent") throw new Error(JSON.stringify(pulled.failure));
  const before = pulled.ok ? await readFile(vault, "utf8") : start;
  const line = `${name} ${round}`;
  await writeFile(vault, `${before}${line}\n`);
  const pushed = await push({ remote, folder, host: name });
  if (pushed.ok) {
    process.stdout.write(`${line}\n`);
    round++;
  } else if (pushed.failure.kind !== "conflict") throw new Error(JSON.stringify(pushed.failure));
}
