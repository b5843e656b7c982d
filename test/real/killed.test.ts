// needs: engine
// time limit: 900 s
import { readdir, readFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { dieAt, type Died, dieEverywhere } from "../rig/die-at.js";
import { engineName, Host, removeHosts } from "../rig/host.js";
import { testWith } from "../rig/needing.js";
import { onTmpfs } from "../rig/tmpfs.js";

// tazpod killed by SIGKILL while it opens a vault in a container, and while it saves one.

test.after(removeHosts);

// a hundred folders, so that much data follows the marker; and one whose name without its newline is also a file's name
const content =
  'cd ~/secrets; for i in $(seq 100); do mkdir -m 750 "a folder with a rather long name, number $i"; echo $i > "a folder with a rather long name, number $i/f"; done; head -c 20500000 /dev/urandom > big; mkdir -m 751 "odd\n"; echo > odd; chmod 604 odd; touch -d @1600000000 odd';
const sums =
  'cd ~/secrets && find . -path ./.tazpod -prune -o -type f -exec sha256sum {} + | sort; stat -c "%a %Y %n" a* o*';

test("unlock killed at any communication with the container leaves the vault closed or complete, and the next unlock opens it", async () => {
  const host = await Host.make({ remote: "none", more: "vault: { format: v1 }\n" });
  const made = await host.enter(content);
  assert.is(made.code, 0, made.stderr);
  const sealed = await readFile(host.vault);
  const whole = (await host.enter(sums)).stdout;
  assert.is(whole.split("\n").length, 206);
  const unlock = ["run", "--yes", "--passphrase-file", host.passphraseFile, "unlock"];
  const states = new Set<string>();
  const after = async ({ at }: Died): Promise<void> => {
    // the processes that it started in the container end by themselves
    await host.inside(
      "i=0; while grep -q 'rmdir .[$]d/stage' /proc/[0-9]*/cmdline 2>/dev/null || pidof tar >/dev/null; do [ $i -lt 1200 ] || break; sleep 0.05; i=$((i+1)); done",
    );
    const open = await host.inside("[ -e ~/secrets/.tazpod/open ] && echo open || echo closed");
    states.add(open.trim());
    if (open === "open\n") assert.is(await host.inside(sums), whole, at);
    const next = await host.enter(sums);
    assert.is(next.code, 0, `${at}: ${next.stderr}`);
    assert.is(next.stdout, whole, at);
    assert.is(await host.secrets(), "", at);
    assert.equal(await readFile(host.vault), sealed, at);
  };
  const programs = await dieEverywhere(host, () => unlock, after, "docker");
  const program =
    {
      namespace: process.getuid?.() === 0 ? "setpriv" : "nsenter",
      process: "sh",
      kubernetes: process.env["TAZPOD_KUBECTL"],
    }[engineName as string] ?? engineName;
  for (const point of [`before ${program}`, `once ${program} is started`])
    assert.ok(programs.includes(point), programs.join("\n"));
  // the commands that move the archive's files into place
  const orders = await dieEverywhere(host, () => unlock, after, "text");
  assert.equal(orders, ["before a write to a program", "in the middle of a write to a program"]);
  // it succeeded, and the vault is locked again; the archive is written in pieces of 512 KiB at most, two points each
  const { points = 0, stderr } = await dieAt(0, host, unlock, "bytes");
  assert.ok(points > 75, stderr);
  assert.is((await host.run("lock")).code, 0);
  for (const point of [1, 2, 4, Math.floor(points / 3), Math.floor(points * 0.9)]) {
    let died = await dieAt(point, host, unlock, "bytes");
    // a run may write fewer and larger pieces than the first one, and end
    for (let share = 0.9; died.points !== undefined; share *= 0.9) {
      assert.is((await host.run("lock")).code, 0);
      died = await dieAt(Math.floor(died.points * share), host, unlock, "bytes");
    }
    assert.match(died.at ?? "", /write to a program/);
    await after(died);
  }
  assert.equal([...states].toSorted(), ["closed", "open"]);
});

test("save killed at any write leaves the old or the new vault, open files stay open, and the next save succeeds", async () => {
  const host = await Host.make({ remote: "none", more: "vault: { format: v1 }\n" });
  assert.is((await host.enter("echo 0 > ~/secrets/count")).code, 0);
  assert.is((await host.run("unlock")).code, 0);
  const folder = host.path(".tazpod", "vault");
  const counted = async (): Promise<string> =>
    (await host.tazpod("vault", "ls", "--json", "--passphrase-file", host.passphraseFile)).stdout;
  let round = 0;
  let left: string[] = [];
  const seen = await dieEverywhere(
    host,
    () => ["save", "--passphrase-file", host.passphraseFile],
    async ({ at }) => {
      assert.match(await counted(), /"path":"count"/, at);
      const temporary = (await readdir(folder)).filter((name) => name.startsWith("."));
      assert.is(temporary.filter((name) => left.includes(name)).length, 0, at);
      left = temporary;
      assert.is(await host.inside("cat ~/secrets/count"), `${round}\n`, at);
      await host.inside(`echo ${++round} > ~/secrets/count`);
    },
  );
  assert.ok(seen.includes("before rename"));
  assert.equal(left, []);
  assert.is((await host.run("save")).code, 0);
  assert.is((await host.run("lock")).code, 0);
  assert.is((await host.enter("cat ~/secrets/count")).stdout, `${round}\n`);
});

test("lock killed at any point leaves the vault open or closed, and the next enter succeeds with everything saved", async () => {
  const host = await Host.make({ remote: "none", more: "vault: { format: v1 }\n" });
  assert.is((await host.enter("echo kept > ~/secrets/kept")).code, 0);
  assert.is((await host.run("unlock")).code, 0);
  const after = async ({ at, code, stderr }: Died): Promise<void> => {
    if (at === undefined) assert.is(code, 0, stderr);
    const next = await host.enter("cat ~/secrets/kept");
    assert.is(next.code, 0, `${at}: ${next.stderr}`);
    assert.is(next.stdout, "kept\n", at);
    assert.is(await host.secrets(), "", at);
    assert.is((await host.run("unlock")).code, 0, at);
  };
  const seen = await dieEverywhere(host, () => ["lock", "--passphrase-file", host.passphraseFile], after);
  assert.ok(seen.includes("before rename"), seen.join());
  await dieEverywhere(host, () => ["lock", "--passphrase-file", host.passphraseFile], after, "docker");
});

test("after one save killed after replacing the vault, and one killed before, the open files still belong to the vault", async () => {
  const host = await Host.make({ remote: "none", more: "vault: { format: v1 }\n" });
  assert.is((await host.enter("echo 0 > ~/secrets/count")).code, 0);
  assert.is((await host.run("unlock")).code, 0);
  let round = 0;
  /** Kills a save at each point until one that is killed has replaced the vault. */
  const killed = async (): Promise<void> => {
    const limit = round + 200;
    for (let point = 1; ; point++) {
      const before = await readFile(host.vault);
      await host.inside(`echo ${++round} > ~/secrets/count`);
      const args = ["save", "--passphrase-file", host.passphraseFile];
      const { at, points, stderr } = await dieAt(point, host, args);
      if (at !== undefined && !(await readFile(host.vault)).equals(before)) return;
      assert.ok(round < limit, stderr);
      // the locks that the killed ones left make a save longer; one that has taken them over ends by itself
      if (at === undefined) point = Math.max(0, (points ?? 0) - 8);
    }
  };
  await killed();
  await killed();
  const saved = await host.run("save");
  assert.is(saved.code, 0, saved.stderr);
  assert.is((await host.run("lock")).code, 0);
  assert.is((await host.enter("cat ~/secrets/count")).stdout, `${round}\n`);
});

await testWith(
  test,
  "mount",
  "save on a full or read-only disk says so, loses nothing, and succeeds once there is space",
  async () => {
    const host = await Host.make({ remote: "none" });
    const folder = host.path(".tazpod", "vault");
    await onTmpfs(folder, "2m", async (disk) => {
      assert.is((await host.enter("head -c 300000 /dev/urandom > ~/secrets/big")).code, 0);
      assert.is((await host.run("unlock")).code, 0);
      await host.inside("echo more > ~/secrets/more");
      const before = await readFile(host.vault);
      const refused = async (why: RegExp): Promise<void> => {
        for (const name of ["save", "lock"]) {
          const done = await host.run(name);
          assert.is(done.code, 1, done.stderr);
          assert.match(done.stderr, why);
        }
        assert.ok((await readFile(host.vault)).equals(before));
        assert.equal(
          (await readdir(folder)).filter((name) => name.startsWith(".")),
          [],
        );
        assert.is(await host.inside("cat ~/secrets/more"), "more\n");
      };
      await disk.fill(100_000);
      await refused(/no space left on the disk/);
      disk.readOnly();
      await refused(/the file system is read-only/);
      await disk.ease();
      assert.is((await host.run("lock")).code, 0);
      assert.is((await host.enter("cat ~/secrets/more")).stdout, "more\n");
    });
  },
);

test.run();
