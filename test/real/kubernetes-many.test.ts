// needs: kubernetes
// time limit: 300 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, podSettings, quick, removeHosts } from "../rig/host.js";
import { sessionNamespace } from "../rig/kubernetes.js";

// Many sessions in one namespace at the same time.

await sessionNamespace();

test.after(removeHosts);

const settings = `${quick}kubernetes: { ${podSettings}, start_timeout: 120s }\n`;

test("20 sessions of five projects in one namespace: each keeps what it wrote", async () => {
  const hosts = await Promise.all(Array.from({ length: 5 }, () => Host.make({ more: settings })));
  await Promise.all(
    hosts.map(async (host) => {
      const first = await host.enter("echo 0 > ~/secrets/0");
      assert.is(first.code, 0, first.stderr);
    }),
  );
  const sessions = hosts.flatMap((host, project) =>
    [1, 2, 3, 4].map(async (number) => {
      const done = await host.enter(`echo ${project}-${number} > ~/secrets/${number}; cat ~/secrets/0`);
      assert.equal([done.code, done.stdout], [0, "0\n"], done.stderr);
    }),
  );
  await Promise.all(sessions);
  for (const [project, host] of hosts.entries()) {
    const all = await host.enter("cat ~/secrets/1 ~/secrets/2 ~/secrets/3 ~/secrets/4");
    assert.is(all.stdout, [1, 2, 3, 4].map((number) => `${project}-${number}\n`).join(""), all.stderr);
  }
});

test.run();
