/**
 * The part of `npm run bench` about pods, next to plain kubectl, on the cluster in the folder TAZPOD_TEST_KUBE
 * (test/services/kube.sh): a second shell, and opening and saving a vault of 64 MiB next to the transfer alone and the same work on
 * this host.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, compare, median, type Row, time, trust, whileOpen } from "./compare.js";

const MiB = 2 ** 20;
const [container, passphrase] = [`tazpod-bench-${process.pid}`, "correct horse battery"];

/** Returns no rows, with a word, where there is no cluster. */
export async function inPod(bin: string, folder: string, image: string): Promise<Row[]> {
  const cluster = process.env["TAZPOD_TEST_KUBE"];
  if (cluster === undefined) {
    process.stdout.write("skipped: pods (no TAZPOD_TEST_KUBE: test/services/kube.sh up)\n");
    return [];
  }
  const [cwd, pass, program] = [join(folder, "pod"), join(folder, "pod-pass"), join(cluster, "kubectl")];
  const env = { KUBECONFIG: join(cluster, "admin.kubeconfig"), TAZPOD_KUBECTL: program };
  Object.assign(process.env, env);
  mkdirSync(join(cwd, ".tazpod"), { recursive: true });
  const here = join(folder, "pod-here");
  mkdirSync(join(here, ".tazpod"), { recursive: true });
  writeFileSync(join(here, ".tazpod", "config.yaml"), "image: none\nremote: none\nvault: { size: 256m }\n");
  mkdirSync(join(here, "pile"));
  writeFileSync(join(here, "pile", "file"), randomBytes(64 * MiB));
  writeFileSync(pass, `${passphrase}\n`, { mode: 0o600 });
  const settings = `image: ${image}\ncontainer_name: ${container}\nuser: tazpod\nremote: none\nengine: kubernetes\n`;
  const pods = `kubernetes: { image_pull_policy: Never, requests: { cpu: 0 } }\nvault: { size: 256m }\nsession: { autosave: off }\n`;
  writeFileSync(join(cwd, ".tazpod", "config.yaml"), settings + pods);
  for (const root of [cwd, here]) trust(bin, root);
  const vault = (root: string, ...args: string[]) => ({
    argv: [process.execPath, bin, "vault", ...args, "--passphrase-file", pass],
    cwd: root,
  });
  const tazpod = (...args: string[]) => ({
    argv: [process.execPath, bin, ...args, "--yes", "--passphrase-file", pass],
    cwd,
  });
  try {
    const sealing = {
      ...vault(here, "import", "pile"),
      before: () => rmSync(join(here, ".tazpod", "vault"), { recursive: true, force: true }),
    };
    time(vault(cwd, "import", join(here, "pile")));
    time(tazpod("run", "ensure-container"));
    const listed = spawnSync(program, ["get", "pods", "-o", "name"], { encoding: "utf8" }).stdout;
    const pod = listed.split("\n").find((name) => name.startsWith(`pod/${container}`)) ?? "";
    const exec = (flags: readonly string[], ...argv: string[]) => ({
      argv: [program, "exec", ...flags, pod, "--", ...argv],
      cwd,
    });
    const rows = transfers({ sealing, opening: vault(cwd, "verify") }, tazpod, exec);
    const second = { argv: [process.execPath, bin, "enter", "--", "true"], cwd };
    const row = await whileOpen(tazpod("enter"), () =>
      compare("tazpod enter -- true, in a pod", second, "kubectl exec P -- true", exec([], "true"), 3, 9),
    );
    return [...rows, row];
  } finally {
    spawnSync(program, ["delete", "pods", "--all", "--wait=false", "--grace-period=1"], { stdio: "ignore" });
  }
}

/** Opens and saves a vault by turns with sending and fetching as many bytes. */
function transfers(
  alone: Readonly<Record<"sealing" | "opening", Command>>,
  tazpod: (...args: string[]) => Command,
  exec: (flags: readonly string[], ...argv: string[]) => Command,
): Row[] {
  const input = randomBytes(64 * MiB);
  const times: Record<"open" | "send" | "save" | "fetch", number[]> = {
    ...{ open: [], send: [], save: [], fetch: [] },
  };
  for (let turn = 0; turn < 5; turn++) {
    times.send.push(
      time(alone.opening) + time({ ...exec(["--stdin"], "sh", "-c", "cat > /dev/null"), input }),
    );
    times.open.push(time(tazpod("run", "unlock")));
    time(exec([], "sh", "-c", `echo ${turn} > /run/tazpod-vault/secrets/turn`));
    times.fetch.push(time(alone.sealing) + time(exec([], "cat", "/run/tazpod-vault/secrets/file")));
    times.save.push(time(tazpod("run", "save")));
    time(tazpod("run", "lock"));
  }
  const row = (what: string, ms: readonly number[], than: string, base: readonly number[]): Row => {
    return { what, ms: median(ms), than, baseMs: median(base), target: 1.3 };
  };
  return [
    row("unlock 64 MiB in a pod", times.open, "vault verify, and kubectl exec -i P -- cat", times.send),
    row("save 64 MiB in a pod", times.save, "vault import, and kubectl exec P -- cat", times.fetch),
  ];
}
