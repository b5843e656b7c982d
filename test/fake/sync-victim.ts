/**
 * Pushes or pulls, and dies by SIGKILL at a step: `sync-victim.js push|pull SETTINGS FOLDER STEP`, with the settings of
 * the remote as JSON. Without a step it ends by itself, and prints the result as JSON.
 */
import { openRemote } from "../../lib/remote/open.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import type { RemoteSettings } from "../../lib/remote/types.js";

const [what = "", settings = "", folder = "", fatal = ""] = process.argv.slice(2);
const remote = await openRemote(JSON.parse(settings) as RemoteSettings, { folder });
const onStep = (step: string): void => {
  if (step === fatal) process.kill(process.pid, "SIGKILL");
};
const done =
  what === "push"
    ? await push({ remote, folder, host: "victim", retention: 2, onStep })
    : await pull({ remote, folder, onStep });
process.stdout.write(`${JSON.stringify(done)}\n`);
