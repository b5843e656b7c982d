// needs: namespace, root, script, setpriv, nsenter, ps
// time limit: 600 s
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dieEverywhere } from "../rig/die-at.js";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, Host, quick, removeHosts, run } from "../rig/host.js";
import { until } from "../rig/until.js";
import { folderRemote } from "../rig/with-vault.js";

// The namespace engine, for root and for an ordinary user.

/** A user id that does not exist on the host. */
const stranger = 12_345;

interface Variant {
  readonly name: string;
  /** The user that runs tazpod. */
  readonly runner: number;
  /** The owner of the project. */
  readonly owner: number;
  /** The user inside the namespace. */
  readonly uid: number;
  readonly home: string;
}

const none = "0000000000000000";
const variants: readonly Variant[] = [
  {
    name: "root, in an ordinary user's project",
    ...{ runner: 0, owner: stranger, uid: stranger, home: `/home/${stranger}` },
  },
  {
    name: "an ordinary user",
    ...{ runner: stranger, owner: stranger, uid: stranger, home: `/home/${stranger}` },
  },
];

/** Creates a host whose project belongs to the variant's owner, and everything else to the user that runs tazpod. */
async function hostOf({ runner, owner }: Variant, remote = "none", more = ""): Promise<Host> {
  const host = await Host.make({ remote, more: `${quick}${more}` });
  const home = await newFolder("home");
  Object.assign(host.env, { HOME: home, XDG_STATE_HOME: join(home, "state") });
  const pass = [host.passphraseFile, join(host.passphraseFile, "..")];
  await run("chown", ["-R", `${runner}:${runner}`, home, ...pass]);
  await run("chown", ["-R", `${owner}:${owner}`, host.folder]);
  return host;
}

/** Runs tazpod as the variant's user. */
function as({ runner }: Variant, host: Host, ...args: string[]): Promise<Ended> {
  const drop = ["--reuid", String(runner), "--regid", String(runner), "--clear-groups"];
  // commands that only show something ask no question
  const answers = args[0] === "status" ? [] : ["--yes", "--passphrase-file", host.passphraseFile];
  const argv = [...drop, process.execPath, bin, ...answers, ...args];
  return run("setpriv", argv, { cwd: host.folder, env: host.env });
}

/** Runs a script in the namespace. */
const inShell = (who: Variant, host: Host, script: string): Promise<Ended> =>
  as(who, host, "enter", "--", "sh", "-c", script);

async function good(ended: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await ended;
  assert.is(code, 0, stderr);
  return stdout;
}

/** The processes of a namespace, as the host sees them: those with the container's name in their arguments. */
async function left(host: Host): Promise<string[]> {
  const { stdout } = await run("ps", ["-eo", "pid,args"]);
  return stdout.split("\n").filter((line) => line.includes(` ${host.container} `));
}

for (const who of variants) {
  const { name, uid, runner, home } = who;
  const test = suite(`namespace engine, run by ${name}`);
  test.after(removeHosts);

  test("a vault is created, saved, pushed and opened on another host, and no process is left after down", async () => {
    const remote = await folderRemote();
    await run("chown", [String(runner), join(remote.slice(7), "..")]);
    const [here, there] = [await hostOf(who, remote), await hostOf(who, remote)];
    const made = await as(
      who,
      here,
      "enter",
      "--",
      "sh",
      "-c",
      "echo far > ~/secrets/key; pwd; echo ~; id -u",
    );
    assert.is(made.code, 0, made.stderr);
    assert.is(made.stdout, `/workspace\n${home}\n${uid}\n`);
    assert.match(made.stderr, /With the engine namespace:\n.*this host's, not those of/);
    assert.is(await good(as(who, there, "enter", "--", "sh", "-c", "cat ~/secrets/key")), "far\n");
    for (const host of [here, there]) {
      assert.ok((await left(host)).length > 0);
      await good(as(who, host, "down"));
      assert.equal(await left(host), []);
      assert.equal(await readdir(join(host.env["XDG_STATE_HOME"] ?? "", "tazpod", "namespaces")), []);
    }
  });

  test("programs inside have no capabilities and cannot gain any", async () => {
    const host = await hostOf(who);
    const status = "/^(NoNewPrivs|Cap(Prm|Eff|Bnd|Amb)):/ { print $1 $2 }";
    const seen = await good(as(who, host, "enter", "--", "awk", status, "/proc/self/status"));
    const found = Object.fromEntries(
      seen
        .trim()
        .split("\n")
        .map((line) => line.split(":")),
    );
    assert.is(found["NoNewPrivs"], "1");
    assert.is(found["CapAmb"], none);
    assert.equal([found["CapPrm"], found["CapEff"]], [none, none]);
    const first = await good(as(who, host, "enter", "--", "awk", status, "/proc/1/status"));
    assert.is(first, `CapPrm:${none}\nCapEff:${none}\nCapBnd:${none}\nCapAmb:${none}\nNoNewPrivs:1\n`);
    const tries =
      "mount -o remount,bind,rw /usr; umount /usr; mknod /dev/x c 1 1; chroot / true; dmesg; ln -sfn /tmp /lib64; touch /x; echo > /proc/sys/kernel/core_pattern; echo > /proc/sysrq-trigger";
    const script = tries.split("; ").map((attempt) => `${attempt} && echo could: '${attempt}'`);
    assert.is(await good(inShell(who, host, `${script.join("; ")}; :`)), "");
  });

  test("the host's files are read-only except for the project and new mounts; homes, /tmp and /run are hidden", async () => {
    const host = await hostOf(who);
    const planted = join(await newFolder("planted"), "planted");
    await writeFile(planted, "seen");
    // all writable file systems, except the kernel's own and those below a folder that this user cannot enter
    const list = `while read -r _ at type flags _; do
      case $type,$flags in proc,* | devpts,* | *,ro*) continue ;; esac
      if [ -e "$at" ]; then echo "$at"; fi
    done < /proc/mounts`;
    const writable = await good(inShell(who, host, list));
    const devices = ["null", "zero", "full", "random", "urandom", "tty"].map((device) => `/dev/${device}`);
    const expected = [
      ...["/", "/dev", "/dev/shm", "/home", "/root", "/run", "/tmp", "/var/tmp", "/workspace", "/run/tazpod"],
      ...[...devices, home, `${home}/secrets`],
    ];
    const extra = writable
      .trim()
      .split("\n")
      .filter((place) => !expected.includes(place) && !place.startsWith("/run/"));
    assert.equal(extra, []);
    const touch = "for d in /etc /usr /var /sys /opt; do touch $d/tazpod-was-here && echo $d; done; :";
    assert.is(await good(inShell(who, host, touch)), "");
    const seen = await good(inShell(who, host, `ls -A / /home /root /tmp /run; cat ${planted}; :`));
    assert.not.match(seen, /planted|seen|docker|tazpod-test/);
    await good(inShell(who, host, "echo mine > /workspace/made; echo lost > ~/made; echo x > /tmp/made"));
    assert.is(await readFile(host.path("made"), "utf8"), "mine\n");
  });

  test("processes and terminals are isolated, and the secrets folder is not visible on the host", async () => {
    const host = await hostOf(who);
    await good(as(who, host, "unlock"));
    const seen = await good(
      inShell(who, host, "echo s3cret > ~/secrets/k; ls -d /proc/[0-9]* | wc -l; ls /dev/pts; hostname"),
    );
    const [processes = "", ...names] = seen.trim().split("\n");
    assert.ok(Number(processes) < 20, processes);
    assert.equal(names, ["ptmx", host.container]);
    assert.is.not(hostname(), host.container);
    assert.not.match(await readFile("/proc/mounts", "utf8"), / \S*\/secrets tmpfs/);
    assert.equal((await readdir(host.env["HOME"] ?? "")).toSorted(), [".cache", "state"]);
  });

  test("mounts of folders and single files work, and network: none leaves only the loopback interface", async () => {
    const tools = await newFolder("tools");
    await mkdir(join(tools, "sub dir"));
    await writeFile(join(tools, "sub dir", "tool"), "a tool\n");
    await writeFile(join(tools, "one"), "one file\n");
    const mounts = [
      `{ source: "${tools}/sub dir", target: "/tools/sub dir", read_only: true }`,
      `{ source: ${tools}/one, target: /one/file }`,
    ];
    await run("chown", ["-R", String(uid), tools]);
    const host = await hostOf(who, "none", `network: none\nmounts: [${mounts.join(", ")}]\n`);
    const look =
      "cat '/tools/sub dir/tool' /one/file; echo more >> /one/file; touch '/tools/sub dir/x' || cut -d: -f1 /proc/net/dev";
    const seen = await inShell(who, host, look);
    assert.match(seen.stderr, /Read-only file system/);
    assert.not.match(seen.stderr, /it uses this host's network/);
    assert.equal(seen.stdout.trim().split("\n").slice(0, 2), ["a tool", "one file"]);
    assert.match(seen.stdout.trim().split("\n").at(-1) ?? "", /^ *lo$/);
    assert.is(await readFile(join(tools, "one"), "utf8"), "one file\nmore\n");
  });

  test("the exit code of a command is passed on, and so is the signal that ended it", async () => {
    const host = await hostOf(who);
    for (const [script, code] of [
      ["exit 7", 7],
      ["kill -TERM $$", 143],
      ["kill -KILL $$", 137],
      ["kill -HUP $$", 129],
    ] as const)
      assert.is((await inShell(who, host, script)).code, code, script);
  });

  test("a killed namespace is reported as stopped, and is started again with an empty secrets folder", async () => {
    const host = await hostOf(who);
    await good(inShell(who, host, "echo kept > ~/secrets/key"));
    await good(as(who, host, "unlock"));
    const first = (await left(host)).find((line) => line.includes("unshare"));
    assert.ok(first);
    process.kill(Number(first.trim().split(" ")[0]), "SIGKILL");
    // the process that called unshare is only the parent: the namespace ends with its own first process
    const record = join(host.env["XDG_STATE_HOME"] ?? "", "tazpod", "namespaces", `${host.container}.json`);
    const noted = JSON.parse(await readFile(record, "utf8")) as { run: { pid: number } };
    process.kill(noted.run.pid, "SIGKILL");
    assert.match(await good(as(who, host, "status")), /container .* is stopped/);
    assert.is(await good(inShell(who, host, "ls -A ~/secrets; cat ~/secrets/key")), ".tazpod\nkey\nkept\n");
  });

  test.run();
}

const own = suite("namespace engine, for root in a project of root's");
own.after(removeHosts);

own(
  "works on a copy without rights: changes come back, nothing inside can be root's or set user ids",
  async () => {
    const who = { name: "", runner: 0, owner: 0, uid: 2_000_000_000, home: "/home/tazpod" };
    const host = await hostOf(who);
    await writeFile(host.path("kept"), "before\n");
    await writeFile(host.path("dropped"), "");
    const script =
      "cat kept; echo after > kept; rm dropped; cp /bin/true program; chmod 4755 program; cat /etc/shadow; whoami";
    const seen = await inShell(who, host, script);
    assert.is(seen.code, 0, seen.stderr);
    assert.match(seen.stderr, /root owns this project, so programs run as a user without rights, on a copy/);
    assert.match(seen.stderr, /\/etc\/shadow: Permission denied/);
    assert.is(seen.stdout, "before\ntazpod\n");
    assert.is(await readFile(host.path("kept"), "utf8"), "after\n");
    assert.equal((await readdir(host.folder)).toSorted(), [".tazpod", "kept", "program"]);
    const { mode, uid } = await stat(host.path("program"));
    assert.equal([(mode & 0o7777).toString(8), uid], ["755", 0]);
  },
);

own.run();

const test = suite("namespace engine, where it is unavailable");
test.after(removeHosts);

const auto = { TAZPOD_ENGINE: "auto", PATH: "/nowhere" };

/** Runs tazpod on a host without Docker and podman, after a command that removes something. */
function without(host: Host, setup: string, ...args: string[]): Promise<Ended> {
  const argv = ["--mount", "sh", "-c", `${setup} && exec "$@"`, "sh", process.execPath, bin, ...args];
  return run("/usr/bin/unshare", argv, {
    cwd: host.folder,
    env: { ...host.env, ...auto, PATH: "/usr/sbin:/usr/bin" },
  });
}

test("killed at any point while creating a namespace, tazpod leaves no unrecorded one, and the next run creates it", async () => {
  for (const where of ["files", "docker"] as const) {
    const host = await Host.make({ more: quick });
    const seen = await dieEverywhere(
      host,
      () => ["run", "ensure-container"],
      async ({ at }) => {
        if (at === undefined) return;
        // a process that waits to be recorded ends when its parent is gone
        await until(
          async () =>
            (await left(host)).length === 0 || (await host.inside("echo in").catch(() => "")) === "in\n",
        );
        assert.is((await host.tazpod("down")).code, 0, at);
        assert.equal(await left(host), [], at);
      },
      where,
    );
    assert.ok(seen.length > 3, seen.join(", "));
  }
});

test("if the kernel forbids namespaces or a program is missing, the message says so and what to do", async () => {
  const host = await Host.make({});
  const hidden =
    "for p in docker podman; do ! [ -e /usr/bin/$p ] || mount --bind /dev/null /usr/bin/$p; done";
  const missing = await without(host, `${hidden}; mount --bind /dev/null /usr/bin/setpriv`, "doctor");
  assert.match(missing.stdout, /setpriv/);
  const forbidden = await without(
    host,
    `${hidden}; mount --bind /dev/null /usr/bin/unshare`,
    "run",
    "ensure-container",
  );
  assert.is(forbidden.code, 4);
  assert.match(forbidden.stderr, /No engine works here/);
});

test.run();
