import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { bareNode, byTurns, keyDerivation, time } from "./rig/measure.js";
import {
  exitTime,
  hasDocker,
  inContainer,
  newProject,
  newSessionProject,
  removeContainer,
  whileOpen,
} from "./rig/project.js";
import { image, type Rig } from "./rig/rig.js";
import { largeFiles, smallFiles } from "./rig/content.js";
import type { Row } from "./rig/rows.js";
import { noS3, s3Environment, s3Settings, setUpBucket } from "./rig/s3.js";

/** Measures a second shell of an open vault, on each engine of this host. */
export async function* warmEnter(rig: Rig): AsyncGenerator<Row> {
  if (hasDocker(rig, "warm enter on Docker")) {
    const project = newSessionProject(rig, "warm-docker", "docker");
    const found = await whileOpen(project.run("enter"), () =>
      byTurns(15, {
        exec: () => time(inContainer(project, "true")),
        enter: () => time(project.tazpod("enter", "--", "true")),
      }),
    );
    const what = "tazpod enter -- true, vault open, docker";
    yield { what, than: "docker exec C true", ours: found.enter, base: found.exec, target: { ratio: 3 } };
  }
  for (const engine of ["namespace", "process"] as const) {
    const unshare = spawnSync("unshare", ["--user", "--map-root-user", "--mount", "true"]);
    if (engine === "namespace" && unshare.status !== 0) {
      rig.skip("warm enter in a namespace", "no namespaces here");
      continue;
    }
    const project = newSessionProject(rig, `warm-${engine}`, engine);
    const shell = { argv: ["sh", "-c", "true"], cwd: project.root };
    const found = await whileOpen(project.run("enter"), () =>
      byTurns(15, {
        node: () => time(bareNode(project.root)) + time(shell),
        enter: () => time(project.tazpod("enter", "--", "true")),
      }),
    );
    const what = `tazpod enter -- true, vault open, ${engine}`;
    const than = "node -e 0, and sh -c true";
    yield { what, than, ours: found.enter, base: found.node, target: { ratio: 1.5 } };
  }
}

/** Measures the first `enter` on a host that has neither vault nor container, from S3. */
export async function* coldEnter(rig: Rig): AsyncGenerator<Row> {
  const what = "cold enter -- true from S3, 50 files, 1 MiB";
  const endpoint = process.env["TAZPOD_BENCH_S3"] ?? process.env["TAZPOD_TEST_S3"];
  const why = endpoint === undefined ? "no TAZPOD_BENCH_S3: test/services/rgw.sh" : await noS3(endpoint);
  if (endpoint === undefined || why !== undefined) {
    rig.skip(what, why ?? "");
    return;
  }
  if (!hasDocker(rig, what)) return;
  const env = s3Environment(endpoint);
  const remote = s3Settings(endpoint, `tazpod-bench-cold-${Date.now()}`);
  const first = newProject(rig, "first-host", { settings: remote, env });
  setUpBucket(first);
  time(first.withPassphrase("vault", "import", smallFiles(rig.newFolder("ordinary"), 50, 20 * 1024)));
  time(first.run("push"));
  let turn = 0;
  const plain = `tazpod-bench-${process.pid}-plain`;
  rig.atEnd(() => removeContainer(plain));
  const found = await byTurns(7, {
    parts: () => keyDerivation() + startContainer(plain, rig.folder),
    enter: () => {
      turn += 1;
      const state = { ...env, XDG_STATE_HOME: rig.newFolder(`second-state-${turn}`) };
      const second = newSessionProject(rig, `second-${turn}`, "docker", { settings: remote, env: state });
      const ms = time(second.run("enter", "--", "true"));
      removeContainer(second.container);
      return ms;
    },
  });
  const than = "scrypt, and docker run";
  yield { what, than, ours: found.enter, base: found.parts, target: { moreMs: 300 } };
}

function startContainer(name: string, cwd: string): number {
  const argv = ["docker", "run", "--detach", "--name", name, image, "sleep", "1000"];
  return time({ argv, cwd, before: () => removeContainer(name) });
}

/** Longer than it takes until a change is seen (2 s), nothing more has changed (5 s), and 300 MiB are saved. */
const autosaveSeconds = 30;

/** Measures what a shell's user waits for after its end. */
export async function* exit(rig: Rig): AsyncGenerator<Row> {
  if (!hasDocker(rig, "the end of a session")) return;
  const project = newSessionProject(rig, "exit", "docker");
  time(project.withPassphrase("vault", "import", smallFiles(rig.newFolder("exit-files"), 50, 20 * 1024)));
  time(project.run("ensure-container"));
  const found = await byTurns(9, {
    exec: () => time(inContainer(project, "true")),
    exit: () => exitTime(project.run("enter"), "true"),
  });
  const what = "exit, nothing changed, after the shell's end";
  yield { what, than: "docker exec C true", ours: found.exit, base: found.exec, target: { ratio: 1.5 } };
  yield* exitAfterChange(rig);
}

/** Measures the end after a change right before it, and after one that was saved while the shell was open. */
async function* exitAfterChange(rig: Rig): AsyncGenerator<Row> {
  const content = largeFiles(rig.newFolder("large-files"), 300);
  const size = "vault: { size: 1g }\n";
  const project = newSessionProject(rig, "exit-changed", "docker", { settings: size });
  const whole = newProject(rig, "exit-whole", { settings: size });
  const sealing = {
    ...whole.withPassphrase("vault", "import", content),
    before: () => rmSync(whole.vault, { force: true }),
  };
  time(project.withPassphrase("vault", "import", content));
  time(project.run("ensure-container"));
  let turn = 0;
  const found = await byTurns(3, {
    seal: () => time(sealing),
    exit: () => exitTime(project.run("enter"), `echo ${turn++} > ~/secrets/changed`),
    later: () =>
      exitTime(project.run("enter"), `echo ${turn++} > ~/secrets/changed; sleep ${autosaveSeconds}`),
  });
  const [than, base, target] = ["vault import of it all", found.seal, { ratio: 0.6 }];
  const what = "exit, one file of 300 MiB changed";
  yield { what: `${what}, after the shell's end`, than, ours: found.exit, base, target };
  yield { what: `${what} ${autosaveSeconds} s before`, than, ours: found.later, base, target };
}
