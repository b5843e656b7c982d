import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeContent } from "./rig/content.js";
import { byTurns, type Command, MiB, time } from "./rig/measure.js";
import { newProject, whileOpen } from "./rig/project.js";
import { image, type Rig } from "./rig/rig.js";
import type { Row } from "./rig/rows.js";

/**
 * Measures pods next to plain kubectl, on the cluster in the folder TAZPOD_TEST_KUBE (test/services/kube.sh): a second
 * shell, and opening and saving a vault of 64 MiB next to the transfer alone and the same work on this host.
 */
export async function* inPod(rig: Rig): AsyncGenerator<Row> {
  const cluster = process.env["TAZPOD_TEST_KUBE"];
  if (cluster === undefined) {
    rig.skip("pods", "no TAZPOD_TEST_KUBE: test/services/kube.sh up");
    return;
  }
  const program = join(cluster, "kubectl");
  const env = { KUBECONFIG: join(cluster, "admin.kubeconfig"), TAZPOD_KUBECTL: program };
  const here = newProject(rig, "pod-here", { settings: "vault: { size: 256m }\n" });
  const pile = rig.newFolder("pod-pile");
  writeContent(join(pile, "file"), 64 * MiB, "random");
  const pod = newProject(rig, "pod", {
    env,
    settings: `image: ${image}\nuser: tazpod\nengine: kubernetes\nkubernetes: { image_pull_policy: Never, requests: { cpu: 0 } }\nvault: { size: 256m }\nsession: { autosave: off }\n`,
  });
  const kubectl = (...args: string[]): string =>
    spawnSync(program, args, { encoding: "utf8", env: { ...process.env, ...env } }).stdout;
  rig.atEnd(() => kubectl("delete", "pods", "--all", "--wait=false", "--grace-period=1"));
  time(pod.withPassphrase("vault", "import", pile));
  time(pod.run("ensure-container"));
  const listed = kubectl("get", "pods", "-o", "name").split("\n");
  const name = listed.find((line) => line.startsWith(`pod/${pod.container}`)) ?? "";
  const exec = (flags: readonly string[], ...argv: string[]): Command => ({
    argv: [program, "exec", ...flags, name, "--", ...argv],
    cwd: pod.root,
    env,
  });
  const input = randomBytes(64 * MiB);
  const sealing = {
    ...here.withPassphrase("vault", "import", pile),
    before: () => rmSync(here.vault, { force: true }),
  };
  let turn = 0;
  const change = (): void => {
    time(exec([], "sh", "-c", `echo ${turn++} > /run/tazpod-vault/secrets/turn`));
  };
  const found = await byTurns(5, {
    send: () =>
      time(pod.withPassphrase("vault", "verify")) +
      time({ ...exec(["--stdin"], "sh", "-c", "cat > /dev/null"), input }),
    open: () => time(pod.run("unlock")),
    fetch: () => time(sealing) + time(exec([], "cat", "/run/tazpod-vault/secrets/file")),
    save: () => {
      const ms = time({ ...pod.run("save"), before: change });
      time(pod.run("lock"));
      return ms;
    },
  });
  const target = { ratio: 1.3 };
  const sent = "vault verify, and kubectl exec -i P -- cat";
  yield { what: "unlock 64 MiB in a pod", than: sent, ours: found.open, base: found.send, target };
  const fetched = "vault import, and kubectl exec P -- cat";
  yield { what: "save 64 MiB in a pod", than: fetched, ours: found.save, base: found.fetch, target };
  const second = await whileOpen(pod.run("enter"), () =>
    byTurns(9, {
      exec: () => time(exec([], "true")),
      enter: () => time(pod.tazpod("enter", "--", "true")),
    }),
  );
  const [ours, base] = [second.enter, second.exec];
  const than = "kubectl exec P -- true";
  yield { what: "tazpod enter -- true, in a pod", than, ours, base, target: { ratio: 3 } };
}
