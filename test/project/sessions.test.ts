import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { projectState } from "../../lib/host/project-state.js";
import { joinSession, otherSessions } from "../../lib/project/sessions.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";
import { repository } from "../rig/root.js";

const looking = `import { otherSessions } from ${JSON.stringify(`${repository}dist/lib/project/sessions.js`)};
for (;;) await otherSessions(process.argv[1]);`;

test("a session that joins while another process looks for sessions stays registered", async () => {
  const home = await newFolder("state");
  const before = process.env["XDG_STATE_HOME"];
  process.env["XDG_STATE_HOME"] = home;
  const vaultFolder = join(home, "vault");
  const looker = spawn(process.execPath, ["--input-type=module", "-e", looking, vaultFolder], {
    stdio: "inherit",
  });
  const ended = once(looker, "exit");
  try {
    const file = join(projectState(vaultFolder), "sessions", String(process.pid));
    for (let round = 0; round < 500; round++) {
      const leave = value(await joinSession(vaultFolder, []));
      await new Promise((resolve) => setTimeout(resolve, 2));
      assert.ok(await stat(file).catch(() => undefined), `round ${round}`);
      await leave();
    }
    assert.equal(value(await otherSessions(vaultFolder)), []);
    assert.is(looker.exitCode, null);
  } finally {
    looker.kill("SIGKILL");
    await ended;
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
  }
});

test.run();
