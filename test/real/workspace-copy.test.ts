// needs: docker, root
// time limit: 900 s
import { chmod, link, mkdir, readdir, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { dieEverywhere } from "../rig/die-at.js";
import { type Ended, Host, quick, removeHosts, run, text, fine } from "../rig/host.js";
import { repository } from "../rig/root.js";
import { rawTar } from "../rig/hostile-tar.js";
import { onTmpfs } from "../rig/tmpfs.js";
import { sha256Of } from "../rig/sha256.js";

// `workspace: copy` with the Docker of this machine: the same pipes, and quicker.

const copy = `${quick}workspace: copy\nnetwork: none\n`;
const volumes: string[] = [];
const images: string[] = [];

test.after(async () => {
  await removeHosts();
  for (const name of volumes) await run("docker", ["volume", "rm", "--force", name]);
  for (const name of images) await run("docker", ["image", "rm", name]);
});

async function copied(more = copy): Promise<Host> {
  const host = await Host.make({ more });
  volumes.push(`${host.container}-workspace`);
  return host;
}

const carry = async (host: Host): Promise<Ended> => fine(await host.tazpod("run", "carry"));

test("thousands of files, a large one, links and odd names go there and come back as they were", async () => {
  const host = await copied();
  const large = Buffer.alloc(20 * 1024 * 1024, "large");
  await writeFile(host.path("large"), large);
  for (const folder of ["a", "b"]) {
    await mkdir(host.path("many", folder), { recursive: true });
    for (let count = 0; count < 1000; count++)
      await writeFile(host.path("many", folder, `f${count}`), `${folder}${count}`);
  }
  const odd = [
    "-rf",
    "sp ace",
    "tab\there",
    "new\nline",
    "quo'te\"",
    "back\\slash",
    "é",
    "*",
    "$(touch x)",
    "n".repeat(200),
  ];
  for (const name of odd) await writeFile(host.path(name), name);
  await symlink("/etc/hostname", host.path("absolute"));
  await symlink("many/a/f1", host.path("link"));
  await link(host.path("large"), host.path("large-too"));
  await writeFile(host.path("script"), "", { mode: 0o750 });
  const first = await carry(host);
  assert.match(first.stderr, /Project synced: \d+ paths into the container/);
  assert.not.match(first.stderr, "Not synced");
  assert.is(
    (
      await host.inside(
        "cd /workspace; find . -path ./.tazpod -prune -o -type f -exec echo {} + | tr ' ' '\\n' | grep -c many",
      )
    ).trim(),
    "2000",
  );
  assert.is(
    await host.inside("cd /workspace; readlink absolute; readlink link; stat -c %a script"),
    "/etc/hostname\nmany/a/f1\n750\n",
  );
  await host.inside(
    'cd /workspace; for f in many/b/*; do echo more >> "$f"; done; for f in ./-rf ./new* ./q*; do echo x >> "$f"; done; cat large large > larger; ln larger again',
  );
  const second = await carry(host);
  assert.not.match(second.stderr, "Not synced");
  assert.is(await text(host.path("many", "b", "f999")), "b999more\n");
  assert.is(await text(host.path("new\nline")), "new\nlinex\n");
  for (const name of ["larger", "again"]) {
    const inside = (await host.inside(`sha256sum /workspace/${name}`)).split(" ")[0];
    assert.is(await sha256Of(host.path(name)), inside);
    assert.is((await stat(host.path(name))).size, 2 * large.length);
  }
  assert.is((await stat(host.path("script"))).mode & 0o777, 0o750);
  assert.not.match((await carry(host)).stderr, "paths");
});

test("what the container's user cannot read is not taken for removed, is named, and keeps the container from being removed", async () => {
  const host = await copied();
  await mkdir(host.path("d"));
  await writeFile(host.path("d", "kept"), "kept\n");
  await writeFile(host.path("f"), "kept\n");
  await carry(host);
  await host.inside("cd /workspace; chmod 000 d f");
  const done = await carry(host);
  assert.match(done.stderr, "Not synced: d: the container's user cannot read it");
  assert.is(await text(host.path("d", "kept")), "kept\n");
  assert.is(await text(host.path("f")), "kept\n");
  const down = await host.tazpod("down");
  assert.is.not(down.code, 0);
  assert.match(down.stderr, /only the container has d, f; --force drops them/);
  fine(await host.tazpod("down", "--force"));
  assert.is(await text(host.path("d", "kept")), "kept\n");
});

test("a copy that cannot be read at all is a failure, and nothing is removed", async () => {
  const host = await copied();
  await writeFile(host.path("f"), "kept\n");
  await carry(host);
  await host.inside("chmod 000 /workspace", "0").catch(() => host.inside("chmod 000 /workspace"));
  const done = await host.tazpod("run", "carry");
  assert.is.not(done.code, 0, done.stderr);
  assert.is(await text(host.path("f")), "kept\n");
});

test("a folder that may not be written is worked in all the same, and is as it was after", async () => {
  const host = await copied();
  await mkdir(host.path("d"));
  for (const name of ["a", "b"]) await writeFile(host.path("d", name), "0");
  await chmod(host.path("d"), 0o555);
  await carry(host);
  await chmod(host.path("d"), 0o755);
  await writeFile(host.path("d", "a"), "1");
  await unlink(host.path("d", "b"));
  await chmod(host.path("d"), 0o555);
  assert.not.match((await carry(host)).stderr, "Not synced");
  assert.is(await host.inside("cd /workspace; cat d/a; ls d; stat -c %a d"), "1a\n555\n");
  await chmod(host.path("d"), 0o755);
});

test("on a full disk nothing comes back by halves, and all of it once there is room; what is on a disk of its own comes, too", async () => {
  const host = await Host.make(null);
  volumes.push(`${host.container}-workspace`);
  await onTmpfs(host.folder, "2m", async (disk) => {
    await chmod(host.folder, 0o755);
    await host.configure("none", copy);
    await writeFile(host.path("f"), "1");
    await mkdir(host.path("apart"));
    await carry(host);
    await onTmpfs(host.path("apart"), "64k", async () => {
      await host.inside(
        "cd /workspace; dd if=/dev/zero of=large bs=1k count=600 2>/dev/null; printf 2 > f; printf 2 > apart/f; ln -s f apart/l",
      );
      await disk.fill(100 * 1024);
      const done = await host.tazpod("run", "carry");
      assert.is.not(done.code, 0);
      assert.match(done.stderr, "no space left");
      assert.not.ok((await readdir(host.folder)).includes("large"));
      await disk.ease();
      await carry(host);
      assert.is((await stat(host.path("large"))).size, 600 * 1024);
      assert.is(await text(host.path("f")), "2");
      assert.is(await text(host.path("apart", "f")), "2");
      assert.is(await text(host.path("apart", "l")), "2");
      assert.not.ok((await readdir(host.path("apart"))).some((name) => name.includes("tmp-")));
    });
  });
  await host.removeContainer();
});

test("a tar program of the container's that makes up what it likes writes nothing outside of the project", async () => {
  const host = await copied();
  // busybox's own shell has its own tar, whatever is in /bin
  const image = `tazpod-test:dash-${process.pid}`;
  images.push(image);
  fine(await run(`${repository}images/test-image.sh`, [image, "--without", "awk"]));
  const settings = host.path(".tazpod", "config.yaml");
  await writeFile(settings, (await text(settings)).replace(/^image: .*$/m, `image: ${image}`));
  await writeFile(host.path("f"), "kept\n");
  await carry(host);
  const config = await text(host.path(".tazpod", "config.yaml"));
  const made = rawTar([
    { name: "f", content: "kept\n", mode: 0o644 },
    { name: "../climbed", content: "x" },
    { name: `${host.folder}/absolute`, content: "x" },
    { name: "way", type: "2", target: "/tmp" },
    { name: "way/through", content: "x" },
    { name: "in", type: "2", target: ".tazpod" },
    { name: "in/config.yaml", content: "image: evil" },
    { name: ".tazpod/config.yaml", content: "image: evil" },
    { name: "f/below", content: "x" },
    { name: "hard", type: "1", target: "/etc/passwd" },
    { name: "device", type: "3" },
    { name: "fine", content: "fine" },
  ]);
  const script = `#!/bin/sh\necho ${made.toString("base64")} | base64 -d\n`;
  await host.inside(
    `rm /bin/tar; echo ${Buffer.from(script).toString("base64")} | base64 -d > /bin/tar; chmod 755 /bin/tar`,
    "0",
  );
  const done = await host.tazpod("run", "carry");
  for (const name of ["../climbed", "way", "hard", "device"])
    assert.match(done.stderr, `Not synced: ${name}`);
  assert.is(await text(host.path(".tazpod", "config.yaml")), config);
  const names = (await readdir(host.folder)).toSorted();
  assert.equal(
    names.filter((name) => !["fine", "in"].includes(name)),
    [".tazpod", "f"],
  );
  assert.is(await text(host.path("f")), "kept\n");
  assert.not.ok((await readdir("/tmp")).includes("through"));
  assert.not.ok((await readdir(host.path(".."))).includes("climbed"));
});

test("killed anywhere while it carries both ways, nothing is lost on either side, and nothing is a conflict that was none", async () => {
  const host = await copied();
  await mkdir(host.path("d"));
  for (const name of ["mine", "theirs", "both", "d/x"]) await writeFile(host.path(name), "0");
  await carry(host);
  await writeFile(host.path("mine"), "1");
  await writeFile(host.path("both"), "1");
  await writeFile(host.path("new"), "1");
  await host.inside("cd /workspace; printf 2 > theirs; printf 2 > both; rm -r d; mkdir e; printf 2 > e/new");
  const seen = new Set<string>();
  for (const where of ["files", "docker", "text"] as const) {
    for (const died of await dieEverywhere(
      host,
      () => ["run", "carry"],
      async () => undefined,
      where,
    ))
      seen.add(died);
    // something to do for the next kind of death
    const mark = `${where}!`;
    await writeFile(host.path("mine"), mark);
    await host.inside(`cd /workspace; printf ${mark} > theirs`);
  }
  await carry(host);
  assert.ok(seen.size > 5, [...seen].join(", "));
  const names = (await readdir(host.folder)).filter((name) => name !== ".tazpod");
  assert.equal(names.toSorted(), ["both", "both.theirs", "e", "mine", "new", "theirs"]);
  const expected = { both: "1", "both.theirs": "2", "e/new": "2", mine: "text!", new: "1", theirs: "text!" };
  for (const [name, content] of Object.entries(expected)) {
    assert.is(await text(host.path(name)), content, name);
    assert.is(await host.inside(`cat /workspace/${name}`), content, name);
  }
  assert.is((await host.inside("ls -A /workspace/.tazpod")).trim(), "");
});

test("a file that is worked on in a second shell while it is carried is not overwritten", async () => {
  const host = await copied();
  await writeFile(host.path("f"), "0");
  await writeFile(host.path("large"), Buffer.alloc(40 * 1024 * 1024));
  await carry(host);
  await writeFile(host.path("f"), "1");
  const writing = host.inside("cd /workspace; for n in $(seq 60); do echo $n >> f; sleep 0.1; done");
  for (let times = 0; times < 3; times++) await carry(host);
  await writing;
  await carry(host);
  const all = await Promise.all(
    (await readdir(host.folder)).filter((name) => name.startsWith("f")).map((name) => text(host.path(name))),
  );
  for (let number = 1; number <= 60; number++)
    assert.ok(
      all.some((one) => one.split("\n").some((line) => line.endsWith(String(number)))),
      `${number} is lost`,
    );
});

test("a change of the setting brings everything back before the container is made again, and another time in", async () => {
  const host = await copied(`${quick}network: none\n`);
  await chmod(host.folder, 0o777);
  await writeFile(host.path("f"), "1");
  fine(await host.enter("echo m > made"));
  await host.configure("none", copy);
  const first = fine(await host.enter("cat f made; echo c > copied"));
  assert.is(first.stdout, "1m\n", first.stderr);
  assert.is(await text(host.path("copied")), "c\n");
  await host.inside("echo late > /workspace/late");
  await host.configure("none", `${quick}network: none\n`);
  assert.is(fine(await host.enter("cat late copied")).stdout, "late\nc\n");
  assert.not.match((await run("docker", ["volume", "ls"])).stdout, host.container);
});

test("what cannot be on another machine is refused with the line", async () => {
  for (const [more, line] of [
    ["mounts: [{ source: /tmp, target: /data }]\n", /config.yaml:\d+:\d+: mounts are not available/],
    ["ssh: agent\n", /config.yaml:\d+:\d+: `ssh: agent` is not available/],
    ["ssh: mount\n", /config.yaml:\d+:\d+: `ssh: mount` is not available/],
  ] as const) {
    const done = await (await copied(`${copy}${more}`)).enter("true");
    assert.is(done.code, 2, done.stderr);
    assert.match(done.stderr, line);
  }
  assert.is((await (await copied(`${copy}ssh: auto\n`)).tazpod("plan", "carry")).code, 0);
});

test.run();
