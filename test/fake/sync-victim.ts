/**
 * Pushes or pulls, and dies by SIGKILL at a step: `sync-victim.js push|pull SETTINGS FOLDER STEP KEEP`. SETTINGS is the
 * remote's settings as JSON; KEEP is how many copies its history keeps: 2 by default, 0 for all. Without a step it runs
 * to its end and prints the result as JSON.
 */
import { openRemote } from "../../lib/remote/open-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import type { RemoteSettings } from "../../lib/remote/remote-types.js";

const [what = "", settings = "", folder = "", fatal = "", keep = "2"] = process.argv.slice(2);
const remote = await openRemote(JSON.parse(settings) as RemoteSettings, { folder });
const onStep = (step: string): void => {
  if (step === fatal) process.kill(process.pid, "SIGKILL");
};
const done =
  what === "push"
    ? await push({ remote, folder, host: "victim", retention: Number(keep), onStep })
    : await pull({ remote, folder, onStep });
process.stdout.write(`${JSON.stringify(done)}\n`);
