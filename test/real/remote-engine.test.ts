// needs: docker, root, sshd, ssh
// time limit: 900 s
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FarDocker, farDocker } from "../rig/far-docker.js";
import { newFolder } from "../rig/folder.js";
import { bin, Host, quick, removeHosts, run, text, fine } from "../rig/host.js";
import { underShell } from "../rig/under-shell.js";
import { folderRemote } from "../rig/with-vault.js";

// An engine on another machine: a second dockerd that is only reachable through a real sshd.

let far: FarDocker;
let host: Host;
let remote = "";
const copy = `${quick}workspace: copy\nnetwork: none\n`;

test.before(async () => {
  far = await farDocker();
});

test.after(async () => {
  await removeHosts();
  await far?.end();
});

async function farHost(more: string, url = "none"): Promise<Host> {
  const made = await Host.make({ remote: url, more });
  Object.assign(made.env, far.env, { DOCKER_HOST: far.address });
  return made;
}

async function inside(script: string, user = "tazpod"): Promise<string> {
  const done = await far.docker(
    "exec",
    "--user",
    user,
    "-w",
    "/workspace",
    host.container,
    "sh",
    "-c",
    script,
  );
  assert.is(done.code, 0, done.stderr);
  return done.stdout;
}

test("mounting the project on a remote engine is refused before anything is created, with what to set", async () => {
  const refused = await farHost(`${quick}network: none\n`);
  const done = await refused.enter("true");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, "docker is on another machine (ssh://root@127.0.0.1:");
  assert.match(done.stderr, "Set `workspace: copy`");
  assert.is((await far.docker("ps", "--all", "--quiet")).stdout, "");
  assert.is((await far.docker("volume", "ls", "--quiet")).stdout, "");
});

test("a Docker context that names a remote engine is refused in the same way", async () => {
  const refused = await Host.make({ more: `${quick}network: none\n` });
  const folder = await newFolder("contexts");
  Object.assign(refused.env, far.env, { DOCKER_CONFIG: folder, DOCKER_HOST: "" });
  const env = { ...refused.env };
  fine(await run("docker", ["context", "create", "far", "--docker", `host=${far.address}`], { env }));
  fine(await run("docker", ["context", "use", "far"], { env }));
  const done = await refused.enter("true");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, "docker is on another machine (ssh://root@127.0.0.1:");
});

test("the project and the vault are copied there, and changes to both come back: vault sealed and pushed, project synced", async () => {
  remote = await folderRemote();
  host = await farHost(copy, remote);
  await mkdir(host.path("src", "deep"), { recursive: true });
  await writeFile(host.path("src", "deep", "main.c"), "int main;\n");
  await writeFile(host.path("run.sh"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  await writeFile(host.path("gone"), "gone\n");
  const script =
    "./run.sh; cat src/deep/main.c; ls .tazpod; stat -c %U src; echo key-of-the-house > ~/secrets/key; echo more >> src/deep/main.c; mkdir new; echo n > new/file; rm gone; exit 7";
  const done = await host.enter(script);
  assert.is(done.code, 7, done.stderr);
  assert.is(done.stdout, "ran\nint main;\ntazpod\n");
  assert.is(await text(host.path("src", "deep", "main.c")), "int main;\nmore\n");
  assert.is(await text(host.path("new", "file")), "n\n");
  assert.equal((await readdir(host.folder)).toSorted(), [".tazpod", "new", "run.sh", "src"]);
  assert.is(await inside("ls -A ~/secrets"), "");
  assert.is(await inside("find . -name '*vault*' -o -name config.yaml"), "");
  assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
  assert.is(fine(await host.enter("cat ~/secrets/key")).stdout, "key-of-the-house\n");
});

test("another host pulls the vault and opens it on the remote engine", async () => {
  const second = await farHost(copy, remote);
  assert.is(fine(await second.enter("cat ~/secrets/key")).stdout, "key-of-the-house\n");
  fine(await second.tazpod("down"));
  assert.not.match((await far.docker("volume", "ls")).stdout, second.container);
});

test("a file changed on both sides is kept in two versions on both sides, and the conflict is reported", async () => {
  await writeFile(host.path("notes"), "first\n");
  fine(await host.tazpod("run", "carry"));
  await inside("echo theirs > notes");
  await writeFile(host.path("notes"), "mine\n");
  const done = fine(await host.enter("cat notes notes.theirs"));
  assert.is(done.stdout, "mine\ntheirs\n");
  assert.match(done.stderr, "Conflict: notes was changed here and in the container");
  assert.match(done.stderr, "notes.theirs");
  assert.is(await text(host.path("notes")), "mine\n");
  assert.is(await text(host.path("notes.theirs")), "theirs\n");
  assert.not.match(fine(await host.enter("true")).stderr, "Conflict");
});

test("a file removed on one side is removed on the other", async () => {
  await rm(host.path("notes.theirs"));
  fine(await host.enter("rm notes; ! [ -e notes.theirs ]"));
  assert.not.ok((await readdir(host.folder)).some((name) => name.startsWith("notes")));
});

test("hostile names and links in the container cannot lead out of the project, and are named", async () => {
  const outside = await newFolder("outside");
  await writeFile(`${outside}/victim`, "untouched\n");
  await mkdir(host.path("sub"));
  fine(await host.tazpod("run", "carry"));
  await inside(`ln -s ${outside} way; ln -s ../../.. up; ln -s .tazpod inner; mkfifo pipe; mkdir -p .TazPod .tazpod
    echo x > .TazPod/config.yaml; echo "image: evil" > .tazpod/config.yaml; echo e > "$(printf 'esc\\033[31m')"
    rmdir sub; ln -s ${outside} sub; echo n > "$(printf 'new\\nline')"`);
  const before = await text(host.path(".tazpod", "config.yaml"));
  const done = fine(await host.enter("echo pwned > sub/victim 2>/dev/null; true"));
  assert.is(await text(`${outside}/victim`), "untouched\n");
  assert.equal(await readdir(outside), ["victim"]);
  assert.is(await text(host.path(".tazpod", "config.yaml")), before);
  const names = await readdir(host.folder);
  for (const name of ["way", "up", "pipe", ".TazPod"]) {
    assert.not.ok(names.includes(name), name);
    assert.match(done.stderr, `Not synced: ${name}`);
  }
  assert.not.match(done.stderr, "\u001b[31m");
  assert.is(await text(host.path("new\nline")), "n\n");
  await inside("rm -rf way up inner pipe .TazPod sub esc* new*line");
  fine(await host.tazpod("run", "carry"));
});

test("after kill -9 with a shell open, the next run brings back all changes to the project and the vault", async () => {
  const { pty, kill } = await underShell(host, "enter", "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("echo late > late; echo later > ~/secrets/later; echo do''ne");
  await pty.expect("done");
  await kill("SIGKILL");
  await pty.expect(/left with \d+/);
  assert.not.ok((await readdir(host.folder)).includes("late"));
  const done = fine(await host.enter("cat late ~/secrets/later"));
  assert.is(done.stdout, "late\nlater\n", done.stderr);
  assert.is(await text(host.path("late")), "late\n");
});

test("a container that was stopped under the shell keeps its copy, and the next run brings it back", async () => {
  const pty = host.pty("enter", "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("echo kept > kept; echo do''ne");
  await pty.expect("done");
  await far.docker("kill", host.container);
  assert.is.not(await pty.ended, 0);
  assert.match(pty.screen, /is no longer running/);
  fine(await host.enter("true"));
  assert.is(await text(host.path("kept")), "kept\n");
});

test("down syncs the project first, even from a stopped container, and removes nothing if that fails", async () => {
  await inside("echo last > last");
  await far.docker("kill", host.container);
  await writeFile(host.path("wall"), "");
  const blocked = await far.docker("start", host.container);
  assert.is(blocked.code, 0, blocked.stderr);
  await inside("mkdir wall; echo w > wall/work");
  const refused = await host.tazpod("down");
  assert.is.not(refused.code, 0);
  assert.match(refused.stderr, "wall");
  assert.is(await inside("cat wall/work"), "w\n");
  await rm(host.path("wall"));
  await far.docker("kill", host.container);
  fine(await host.tazpod("down"));
  assert.is(await text(host.path("last")), "last\n");
  assert.is(await text(host.path("wall", "work")), "w\n");
  assert.is((await far.docker("ps", "--all", "--quiet")).stdout, "");
  assert.is((await far.docker("volume", "ls", "--quiet")).stdout, "");
});

test("a volume with the same name that belongs to another project is refused, and is not removed", async () => {
  const name = `${host.container}-workspace`;
  await far.docker("volume", "create", name);
  const done = await host.enter("true");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, `docker volume rm ${name}`);
  assert.match((await far.docker("volume", "ls", "--quiet")).stdout, name);
  await far.docker("volume", "rm", name);
});

test("after its volume was lost, no project file counts as removed", async () => {
  fine(await host.enter("true"));
  await far.docker("rm", "--force", host.container);
  await far.docker("volume", "rm", `${host.container}-workspace`);
  assert.is(fine(await host.enter("cat last")).stdout, "last\n");
  assert.is(await text(host.path("last")), "last\n");
});

test("without ssh, syncing with a container that is gone fails at once, and the project is unchanged", async () => {
  const before = await readdir(host.folder);
  const lost = { ...host.env, DOCKER_HOST: "ssh://root@127.0.0.1:1" };
  const done = await run(process.execPath, [bin, "run", "carry"], { cwd: host.folder, env: lost });
  assert.is.not(done.code, 0);
  assert.equal(await readdir(host.folder), before);
});

test.run();
