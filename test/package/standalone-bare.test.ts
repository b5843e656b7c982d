// needs: root, debootstrap, namespace
// time limit: 900 s
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { passphrase, run } from "../rig/host.js";
import { repository } from "../rig/root.js";
import { standalone } from "../rig/standalone.js";

/** TAZPOD_TEST_BARE names a folder where test/services/bare.sh keeps its Debian, so that it is only created once. */
async function inBareDebian(script: string): Promise<string> {
  const debian = process.env["TAZPOD_TEST_BARE"] || join(await newFolder("bare"), "debian");
  const done = await run(`${repository}test/services/bare.sh`, [debian, "namespaces", script], {
    env: { BARE_PROGRAM: await standalone(), LC_ALL: "C" },
  });
  assert.is(done.code, 0, done.stderr);
  return done.stdout;
}

test("on a bare Debian without Node the standalone file creates a project, plans, opens a shell and restores the vault", async () => {
  const said = await inBareDebian(`set -e
if command -v node npm npx; then exit 1; fi
export TAZPOD_TRUST=all
# root does not run in a namespace: the owner of the project does
chown visitor: .
home=$(mktemp -d)
printf '${passphrase}\\n' > $home/pass
chmod 600 $home/pass
tazpod --help | head -n 1
tazpod --version
tazpod init
ls .tazpod/config.yaml
printf "engine: namespace\\nremote: file://$home/vault.tar.aes\\nshell: [sh]\\n" > .tazpod/config.yaml
tazpod plan enter | head -n 2
tazpod enter --yes --passphrase-file $home/pass -- sh -c 'echo kept > ~/secrets/key'
tazpod down
rm -r .tazpod/vault
tazpod enter --yes --passphrase-file $home/pass -- sh -c 'cat ~/secrets/key'
tazpod down
rm -r $home`);
  const lines = said.trim().split("\n");
  assert.match(lines[0] ?? "", /^tazpod: /);
  assert.match(lines[1] ?? "", /^\d+\.\d+\.\d+$/);
  assert.is(lines[2], ".tazpod/config.yaml");
  assert.is(lines[3], "enter");
  assert.is(lines.at(-1), "kept");
});

test.run();
