// needs: docker
// time limit: 900 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Host, quick, removeHosts, run } from "../rig/host.js";
import { withQuickVault } from "../rig/with-vault.js";

// Bridges: links from the home to paths of the vault, which exist while those are open.

test.after(removeHosts);

const settings = `${quick}bridges: [.aws, .config/gcloud, .kube]\n`;
const parts = "parts: { cloud: { paths: [.config/gcloud], open: on-request } }\n";
const links = "cd; for p in .aws .config/gcloud .kube; do [ -L $p ] && readlink $p; done; :";
const aws = "/home/tazpod/secrets/.aws\n";
const gcloud = "/home/tazpod/secrets/.config/gcloud\n";

let host: Host;

test.before(async () => {
  host = await withQuickVault(
    "none",
    "cd ~/secrets && mkdir -p .aws .config/gcloud && echo id > .aws/credentials && echo g > .config/gcloud/key && ls -A ~",
  );
  await host.configure("none", settings);
});

test("bridged paths of an open vault are linked from the home, and programs that write there write to the vault", async () => {
  const done = await host.enter(
    `${links}; cat ~/.aws/credentials; stat -c %a ~/.config; echo new > ~/.aws/config`,
  );
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, `${aws}${gcloud}id\n700\n`);
  assert.match(done.stderr, "saved: 3 files");
  assert.is(await host.inside(links), "");
  assert.is(await host.inside("ls -A ~/.config"), "");
  assert.is((await host.enter("cat ~/secrets/.aws/config; find ~/secrets -type l")).stdout, "new\n");
});

test(".aws is linked by default, and nothing is linked with an empty list", async () => {
  await host.configure("none", quick);
  assert.is((await host.enter(links)).stdout, aws);
  await host.configure("none", `${quick}bridges: []\n`);
  assert.is((await host.enter(links)).stdout, "");
  await host.configure("none", settings);
});

test("a path created while the vault was open is linked when the vault is opened next", async () => {
  assert.is((await host.enter(`mkdir ~/secrets/.kube; ${links}`)).stdout, `${aws}${gcloud}`);
  assert.is((await host.enter(links)).stdout, `${aws}${gcloud}/home/tazpod/secrets/.kube\n`);
  assert.is((await host.enter(`rmdir ~/secrets/.kube`)).code, 0);
});

test("an existing file or foreign link is neither replaced nor removed, and is reported once", async () => {
  await host.inside("cd; mkdir .aws; echo mine > .aws/credentials; ln -s /workspace .config/gcloud");
  const done = await host.enter("cat ~/.aws/credentials; readlink ~/.config/gcloud");
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "mine\n/workspace\n");
  assert.is(done.stderr.match(/was not replaced/g)?.length, 2);
  assert.match(
    done.stderr,
    /~\/\.aws already exists in the container .* The vault's copy is \/home\/tazpod\/secrets\/\.aws\./,
  );
  assert.is(await host.inside("cd; cat .aws/credentials; readlink .config/gcloud"), "mine\n/workspace\n");
  await host.inside("cd; rm -r .aws .config");
});

test("lock removes a link left dangling by a restart, and unlock creates it again, even if the settings no longer name it", async () => {
  assert.is((await host.run("unlock")).code, 0);
  assert.is(await host.inside(links), `${aws}${gcloud}`);
  assert.is((await run("docker", ["restart", "--time", "0", host.container])).code, 0);
  assert.is(await host.inside(links), `${aws}${gcloud}`);
  assert.is((await host.enter(`${links}; rm -r ~/secrets/.aws`)).stdout, `${aws}${gcloud}`);
  assert.is(await host.inside(links), "");
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("ln -s ~/secrets/.aws ~/.aws");
  await host.configure("none", `${quick}bridges: [.aws]\n`);
  const locked = await host.run("lock");
  assert.is(locked.code, 0, locked.stderr);
  assert.is(await host.inside(links), "");
  await host.configure("none", settings);
});

test("a part that closes removes its link, and a part that opens adds it", async () => {
  await host.configure("none", `${settings}${parts}`);
  await host.enter("mkdir -p ~/secrets/.aws");
  assert.is((await host.run("unlock")).code, 0);
  assert.is(await host.inside(links), aws);
  const apart = await host.run("with", "cloud", "--", "sh", "-c", links);
  assert.is(apart.stdout, gcloud, apart.stderr);
  const done = await host.run("with", "cloud", "--in-shell", "--", "sh", "-c", links);
  assert.is(done.stdout, `${aws}${gcloud}`, done.stderr);
  assert.is((await host.run("unlock")).code, 0);
  assert.is((await host.run("unlock", "--part", "cloud")).code, 0);
  assert.is(await host.inside(links), `${aws}${gcloud}`);
  assert.is((await host.run("lock")).code, 0);
  assert.is(await host.inside(links), "");
});

test.run();
