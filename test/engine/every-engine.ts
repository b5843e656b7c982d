import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isNotRunning } from "../../lib/engine/oci/flavors.js";
import { workspace } from "../../lib/engine/container-paths.js";
import { createAndStart, startContainer } from "../../lib/engine/container.js";
import type { ContainerSpec, ContainerState, Engine } from "../../lib/engine/engine.js";
import { newFolder } from "../rig/folder.js";
import { testImage, uniqueName } from "../rig/host.js";
import { failure, value } from "../rig/result.js";

export interface Kit {
  specOf(change?: Partial<ContainerSpec>): Promise<ContainerSpec>;
  make(change?: Partial<ContainerSpec>): Promise<ContainerSpec>;
  /** Returns the output of a script. */
  inside(spec: ContainerSpec, script: string, user?: string): Promise<string>;
  running(spec: ContainerSpec): Promise<Exclude<ContainerState, { state: "absent" }>>;
  /** For an `after` hook. */
  remove(): Promise<void>;
}

/** Creates and removes containers of an engine. */
export function kitOf(engine: Engine): Kit {
  const names: string[] = [];
  const signal = new AbortController().signal;

  async function specOf(change: Partial<ContainerSpec> = {}): Promise<ContainerSpec> {
    const project = change.project ?? (await newFolder("project"));
    await mkdir(join(project, ".tazpod", "vault"), { recursive: true });
    // a namespace that root creates runs as an ordinary user
    if (engine.name === "namespace" && process.getuid?.() === 0) await chown(project, 65_534, 65_534);
    const spec = {
      name: uniqueName(),
      project,
      image: testImage,
      user: "tazpod",
      secretsBytes: 32 << 20,
      network: "bridge",
      ports: [],
      mounts: [],
      ...change,
    } as const;
    names.push(spec.name);
    return spec;
  }

  async function make(change: Partial<ContainerSpec> = {}): Promise<ContainerSpec> {
    const spec = await specOf(change);
    value(await createAndStart(engine, spec, () => undefined, signal));
    return spec;
  }

  async function inside(spec: ContainerSpec, script: string, user = spec.user): Promise<string> {
    const done = value(await engine.exec(spec.name, ["sh", "-c", script], { user }));
    assert.is(done.code, 0, done.stderr);
    return done.stdout.toString().trimEnd();
  }

  async function running(spec: ContainerSpec): Promise<Exclude<ContainerState, { state: "absent" }>> {
    const state = value(await engine.inspect(spec.name));
    if (state.state !== "running") throw new Error(`it is ${state.state}`);
    return state;
  }

  const remove = async (): Promise<void> => {
    for (const container of names) await engine.remove(container);
  };
  return { specOf, make, inside, running, remove };
}

/** Defines the tests that every engine has to pass; the caller runs them. `stop` stops a container without tazpod. */
export function everyEngine(engine: Engine, kit: Kit, stop: (container: string) => Promise<void>): void {
  const { make, inside } = kit;
  // the fastest network of the engine
  const network = engine.name === "process" ? "host" : engine.name === "kubernetes" ? "bridge" : "none";
  test.after(kit.remove);

  test("a container is created, found by its exact name only, and removed", async () => {
    const { name: container, project } = await make();
    const state = value(await engine.inspect(container));
    assert.is(state.state, "running");
    assert.is(state.state === "running" && state.owner, engine.name === "kubernetes" ? "" : project);
    assert.is(value(await engine.inspect(container.slice(0, -1))).state, "absent");
    assert.is(
      state.state === "running" && value(await engine.inspect(state.id.slice(0, 12))).state,
      "absent",
    );
    value(await engine.remove(container));
    assert.is(value(await engine.inspect(container)).state, "absent");
    value(await engine.remove(container));
  });

  test("creating a container whose name is taken has a failure of its own", async () => {
    const spec = await make();
    const user = value(await engine.lookUp(spec.image, spec.user));
    assert.match(failure(await engine.create(spec, user), "changed-meanwhile").detail, spec.name);
  });

  if (engine.name !== "kubernetes") mountsAndRestarts(engine, kit, stop);

  test("a container stops at once", async () => {
    const spec = await make();
    const from = performance.now();
    value(await engine.remove(spec.name));
    // an engine that ignores the signal waits ten seconds before it kills
    assert.ok(performance.now() - from < 9000);
  });

  test("a program's exit code, stdout and stderr are returned unchanged", async () => {
    const { name: container } = await make({ network });
    for (const code of [0, 1, 7, 125, 126, 127, 137, 255]) {
      const argv = ["sh", "-c", `printf out; printf err >&2; exit ${code}`];
      const done = value(await engine.exec(container, argv, { user: "tazpod" }));
      assert.equal([done.code, done.stdout.toString(), done.stderr], [code, "out", "err"]);
    }
  });

  test("20 MiB pass through pipes unchanged, many times", async () => {
    const { name: container } = await make({ network });
    const bytes = randomBytes(20 << 20);
    const hash = createHash("sha256").update(bytes).digest("hex");
    for (let turn = 0; turn < 5; turn++) {
      const put = await engine.exec(container, ["sh", "-c", "cat > ~/secrets/b && sha256sum < ~/secrets/b"], {
        user: "tazpod",
        input: bytes,
      });
      assert.match(value(put).stdout.toString(), hash);
      const wide = { user: "tazpod", limitBytes: bytes.length };
      const out = value(await engine.exec(container, ["sh", "-c", "cat ~/secrets/b"], wide));
      assert.ok(out.stdout.equals(bytes), `${out.stdout.length} bytes came out`);
    }
  });

  test("running a program in a stopped or absent container says so", async () => {
    const { name: container } = await make({ network });
    await stop(container);
    for (const which of [container, "no-such-container"]) {
      const done = value(await engine.exec(which, ["true"], { user: "tazpod" }));
      assert.is.not(done.code, 0);
      assert.ok(isNotRunning(done.stderr), done.stderr);
    }
  });

  test("no variable of the host's environment is passed on", async () => {
    process.env["http_proxy"] = process.env["HTTPS_PROXY"] = "http://me:password@proxy:1";
    try {
      assert.not.match(
        await inside(await make({ network }), "env; { tr '\\0' '\\n' < /proc/1/environ; } 2>/dev/null || :"),
        "password",
      );
    } finally {
      delete process.env["http_proxy"];
      delete process.env["HTTPS_PROXY"];
    }
  });
}

/** What holds of engines on this host: the project is in its folder, and a container that was stopped can be started. */
function mountsAndRestarts(
  engine: Engine,
  { make, inside, running }: Kit,
  stop: (container: string) => Promise<void>,
): void {
  const { signal } = new AbortController();

  test("a shell starts in the project, even if its path has special characters", async () => {
    const above = await newFolder("odd");
    await chmod(above, 0o755);
    const project = join(above, 'a b:c,"d');
    await mkdir(project);
    await chmod(project, 0o777);
    await writeFile(join(project, "here"), "yes");
    const { name } = await make({ project });
    const how = { user: "tazpod", tty: false, workdir: workspace, env: {}, signal };
    const done = value(await engine.foreground(name, ["sh", "-c", "cp here there"], how));
    assert.is(done.code, 0);
    assert.is(await readFile(join(project, "there"), "utf8"), "yes");
  });

  test("a restart empties the RAM folder, and the state shows that", async () => {
    const spec = await make();
    const before = await running(spec);
    await inside(spec, "echo s > ~/secrets/a");
    assert.is((await running(spec)).startedAt, before.startedAt);
    await stop(spec.name);
    assert.is(value(await engine.inspect(spec.name)).state, "stopped");
    value(await startContainer(engine, spec));
    assert.is(await inside(spec, "ls -A ~/secrets; echo s > ~/secrets/b"), "");
    const after = await running(spec);
    assert.is(after.id, before.id);
    assert.is.not(after.startedAt, before.startedAt);
  });
}
