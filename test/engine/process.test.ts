// needs: process
// time limit: 600 s
import { spawn } from "node:child_process";
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { processEngine } from "../../lib/engine/process/engine.js";
import { removal } from "../../lib/engine/process/lifecycle.js";
import { specHash } from "../../lib/engine/spec.js";
import type { ContainerSpec } from "../../lib/engine/engine.js";
import { processIdentity } from "../../lib/host/process-identity.js";
import { newFolder } from "../rig/folder.js";
import { run } from "../rig/host.js";
import { testWith } from "../rig/needing.js";
import { ramFolder, removeRamFolders } from "../rig/ram-folder.js";
import { failure, value } from "../rig/result.js";
import { onTmpfs } from "../rig/tmpfs.js";
import { everyEngine, kitOf } from "./every-engine.js";

const engine = processEngine();
const kit = kitOf(engine);
const { make, specOf, inside, running } = kit;

// a reboot empties RAM
everyEngine(engine, kit, async (name) => {
  const state = value(await engine.inspect(name));
  if (state.state === "running") await rm(state.home, { recursive: true });
});

test.after(removeRamFolders);

const homeOf = async (spec: ContainerSpec): Promise<string> => (await running(spec)).home;

/** Runs `work` with this XDG_RUNTIME_DIR. */
async function withRuntime<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = process.env["XDG_RUNTIME_DIR"];
  process.env["XDG_RUNTIME_DIR"] = folder;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
    else process.env["XDG_RUNTIME_DIR"] = before;
  }
}

test("home and secrets are new private folders in RAM, with nothing of the host's home", async () => {
  const spec = await make();
  const home = await homeOf(spec);
  const seen = await inside(spec, "echo $HOME; stat -c %a:%u ~ ~/secrets; stat -f -c %T ~; ls -A ~");
  const uid = process.getuid?.();
  assert.is(seen, `${home}\n700:${uid}\n700:${uid}\ntmpfs\nsecrets`);
});

test("removal ends all processes, even ones that ignore signals or run in the background, and removes the home", async () => {
  const spec = await make();
  const home = await homeOf(spec);
  const printed = await inside(
    spec,
    `setsid sh -c 'trap "" TERM HUP; echo $$; exec >/dev/null 2>&1; while :; do sleep 1; done' & wait_for=$!
    mkdir -m 0 ~/closed; sleep 0.3; :`,
  );
  const pid = Number(printed);
  assert.ok(await processIdentity(pid), printed);
  value(await engine.remove(spec.name));
  assert.is(await processIdentity(pid), undefined);
  assert.not.ok((await readdir(dirname(home))).includes(home.slice(dirname(home).length + 1)));
  assert.is(value(await engine.inspect(spec.name)).state, "absent");
});

await testWith(
  test,
  "other users",
  "removal also removes what an ordinary user has in folders that can be neither read nor written",
  async () => {
    const other = 65534;
    const above = await newFolder("homes");
    const [home, closed] = [join(above, "home"), join(above, "home", "closed")];
    await mkdir(closed, { recursive: true });
    await writeFile(join(closed, "file"), "");
    for (const path of [above, home, closed]) await chown(path, other, other);
    await chmod(closed, 0);
    const asOther = [`--reuid=${other}`, `--regid=${other}`, "--clear-groups"];
    const done = await run("setpriv", [...asOther, ...removal(home)]);
    assert.is(done.code, 0, done.stderr);
    assert.equal(await readdir(above), []);
  },
);

test("removing one home does not affect another project's processes", async () => {
  const [one, other] = [await make(), await make()];
  const home = await homeOf(other);
  const child = spawn("sleep", ["60"], { env: { ...process.env, TAZPOD_HOME: home }, stdio: "ignore" });
  value(await engine.remove(one.name));
  assert.ok(await processIdentity(child.pid ?? 0));
  value(await engine.remove(other.name));
  assert.is(await processIdentity(child.pid ?? 0), undefined);
});

test("the user's PATH is kept, without the folders that a package manager prepended", async () => {
  const before = process.env["PATH"] ?? "";
  process.env["PATH"] = `/a/node_modules/.bin:relative:${before}:/opt/own`;
  try {
    const path = await inside(await make(), "echo $PATH");
    assert.not.match(path, /node_modules|relative/);
    assert.match(path, /:\/opt\/own$/);
  } finally {
    process.env["PATH"] = before;
  }
});

test("a mount below the home is a link; one elsewhere is reported to have no effect", async () => {
  const folder = await newFolder("mounted");
  const base = await specOf();
  const mounts = [{ source: folder, target: "/data", readOnly: false }];
  assert.match(
    engine.sharedWithHost({ ...base, mounts }).join("\n"),
    /no effect outside the home folder: \/data/,
  );
  const { home } = value(await engine.lookUp(base.image, base.user));
  const below = [{ source: folder, target: "/home/tazpod/.config/tool", readOnly: false }];
  value(await engine.create({ ...base, mounts: below }, { uid: 0, gid: 0, home }));
  value(await engine.start(base.name));
  await inside(base, "echo there > ~/.config/tool/file");
  assert.is(await readFile(join(folder, "file"), "utf8"), "there\n");
  value(await engine.remove(base.name));
  assert.ok((await stat(join(folder, "file"))).isFile());
});

test("`network: none` is refused", async () => {
  const spec = await specOf({ network: "none" });
  const user = value(await engine.lookUp(spec.image, spec.user));
  assert.is(failure(await engine.create(spec, user), "setting-unusable").setting, "network: none");
});

test("a changed image, user or port does not make it outdated", async () => {
  const spec = await make();
  const change = { image: "another:1", user: "root", ports: ["127.0.0.1:1:1/tcp"] };
  assert.is(specHash(engine.effectiveSpec({ ...spec, ...change })), (await running(spec)).specHash);
});

test("XDG_RUNTIME_DIR on a disk is not used", async () => {
  const disk = await newFolder("runtime");
  const spec = await withRuntime(disk, () => make());
  assert.not.ok((await homeOf(spec)).startsWith(disk));
  assert.not.ok((await readdir(join(disk, "tazpod"))).includes("homes"));
});

test("a folder in RAM that others can enter, or that is a link, is not used", async () => {
  for (const spoil of [
    async (path: string) => (await mkdir(path), chmod(path, 0o755)),
    async (path: string) => symlink(await newFolder("elsewhere"), path),
  ]) {
    const folder = await ramFolder();
    await spoil(join(folder, "tazpod"));
    const spec = await withRuntime(folder, () => make());
    assert.not.ok((await homeOf(spec)).startsWith(folder));
  }
});

test("a folder that replaced the home is not mistaken for it", async () => {
  const spec = await make();
  const home = await homeOf(spec);
  // still there, so that its inode number is not used again
  await rename(home, `${home}-aside`);
  await mkdir(home, { mode: 0o700 });
  assert.is(value(await engine.inspect(spec.name)).state, "stopped");
  await rm(home, { recursive: true });
  assert.is(value(await engine.inspect(spec.name)).state, "stopped");
  await rm(`${home}-aside`, { recursive: true });
});

test("a home is not made in a folder that others can enter by now", async () => {
  const folder = await ramFolder();
  await withRuntime(folder, async () => {
    const spec = await specOf();
    const user = value(await engine.lookUp(spec.image, spec.user));
    assert.ok(user.home.startsWith(folder));
    value(await engine.create(spec, user));
    await chmod(dirname(user.home), 0o755);
    assert.match(
      failure(await engine.start(spec.name), "container-start").detail,
      /accessible to other users/,
    );
    value(await engine.remove(spec.name));
  });
});

await testWith(
  test,
  "mount",
  "without enough free space nothing is started, and the failure says so",
  async () => {
    const folder = join(await newFolder("small"), "run");
    await onTmpfs(folder, "2m", async (disk) => {
      const spec = await specOf();
      await withRuntime(folder, async () => {
        const user = value(await engine.lookUp(spec.image, spec.user));
        assert.ok(user.home.startsWith(folder));
        value(await engine.create(spec, user));
        await disk.fill(100_000);
        assert.match(failure(await engine.start(spec.name), "container-start").detail, /KiB are free/);
        await disk.ease();
        value(await engine.start(spec.name));
        const state = await running(spec);
        assert.ok((state.freeBytes ?? 0) > 0 && (state.freeBytes ?? 0) <= 2 << 20);
        value(await engine.remove(spec.name));
      });
    });
  },
);

test.run();
