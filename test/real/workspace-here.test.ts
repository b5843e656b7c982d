// needs: namespace
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, quick, removeHosts, text } from "../rig/host.js";

// `workspace: copy` with an engine that is always local.

test.after(removeHosts);

test("with a local engine, `workspace: copy` still mounts the project", async () => {
  const host = await Host.make({ more: `${quick}workspace: copy\n` });
  const done = await host.enter("echo made > made; cat .tazpod/config.yaml");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, "workspace: copy");
  assert.not.match(done.stderr, "carry");
  assert.is(await text(host.path("made")), "made\n");
});

test.run();
