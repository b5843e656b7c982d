/**
 * Pushes or pulls, and dies by SIGKILL at a step: `sync-victim.js push|pull SETTINGS FOLDER STEP KEEP`, with the settings
 * of the remote as JSON, and how many copies its history keeps: 2 unless given, 0 for all. Without a step it ends by
 * itself, and prints the result as JSON.
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
