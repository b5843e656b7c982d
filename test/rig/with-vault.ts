import { mkdir, readFile } from "node:fs/promises";
import * as assert from "uvu/assert";
import { processesWithVariable } from "../../lib/host/process-table.js";
import { Secret } from "../../lib/host/secret.js";
import { sealInto } from "../../lib/vault/seal-into.js";
import { newFolder } from "./folder.js";
import { engineName, Host, passphrase, quick, run } from "./host.js";
import { value } from "./result.js";
import { tarOf } from "./vault-of-files.js";

/** A host with this remote, and a vault that a script in its container has filled. */
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

/**
 * The same with a format whose key takes a fraction of age's time, for suites that open many vaults and do not test
 * merging.
 */
export const withQuickVault = (url: string, script?: string, more = ""): Promise<Host> =>
  withVault(url, script, `${quick}${more}`);

/**
 * A host with this remote (unless `none`) and its vault. The container, which takes most of the time, is not made yet.
 */
export async function withSealed(
  url: string,
  files: Readonly<Record<string, string>> = { key: "kept" },
  more = "",
): Promise<Host> {
  const host = await Host.make({ remote: url, more });
  const folder = host.path(".tazpod", "vault");
  await mkdir(folder, { mode: 0o700 });
  value(
    await sealInto({
      folder,
      source: () => tarOf(new Map(Object.entries(files))),
      passphrase: Secret.fromText(passphrase),
      format: more.includes("format: v1") ? "v1" : "age",
      limitBytes: 2 ** 24,
    }),
  );
  if (url === "none") return host;
  const pushed = await host.tazpod("push");
  assert.is(pushed.code, 0, pushed.stderr);
  return host;
}

/** A remote in a new folder. */
export const folderRemote = async (): Promise<string> => `file://${await newFolder("usb")}/vault.tar.aes`;

/** The processes in a container, except those it was started with. */
export async function running(host: Host): Promise<string> {
  const all = await processes(host);
  return all
    .split("\n")
    .filter((line) => line.trim() !== "" && !/trap "exit 0"|sleep 3600|<defunct>/.test(line))
    .join("\n");
}

/** Returns one line per process in the container. */
async function processes(host: Host): Promise<string> {
  if (engineName === "process") {
    const home = (await host.inside("echo ~")).trim();
    const found = await processesWithVariable("TAZPOD_HOME", home);
    const lines = [...found.keys()].map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return `${pid} ${words.replaceAll("\0", " ")}`;
    });
    return (await Promise.all(lines)).join("\n");
  }
  const all =
    engineName === "namespace" || engineName === "kubernetes"
      ? (await host.inside("ps -eo pid,args")).replace(/^.* (?:ps -eo|sh -c ps) .*\n/gm, "")
      : (await run(engineName, ["top", host.container, "-eo", "pid,args"])).stdout;
  return all.split("\n").slice(1).join("\n");
}
