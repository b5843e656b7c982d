import * as assert from "uvu/assert";
import { newFolder } from "./folder.js";
import { Host, quick, run } from "./host.js";

/** A host with this remote, and a vault that the script has put something into. */
export async function withVault(
  url: string,
  script = "printf %s kept > ~/secrets/key",
  more = "",
): Promise<Host> {
  const host = await Host.make({ remote: url, more });
  const made = await host.enter(script);
  assert.is(made.code, 0, made.stderr);
  return host;
}

/** The same in a format whose key takes a fraction of age's time: for suites that open many and are not about merging. */
export const withQuickVault = (url: string, script?: string, more = ""): Promise<Host> =>
  withVault(url, script, `${quick}${more}`);

/** A remote in a folder of its own. */
export const folderRemote = async (): Promise<string> => `file://${await newFolder("usb")}/vault.tar.aes`;

/** The processes in a container other than those it was started with. */
export async function running(host: Host): Promise<string> {
  const { stdout } = await run("docker", ["top", host.container, "-eo", "pid,args"]);
  return stdout
    .split("\n")
    .slice(1)
    .filter((line) => line.trim() !== "" && !/trap "exit 0"|sleep 3600/.test(line))
    .join("\n");
}
