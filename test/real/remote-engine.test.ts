// needs: docker, root, sshd, ssh
// time limit: 900 s
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FarDocker, farDocker } from "../rig/far-docker.js";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, Host, quick, removeHosts, run, text } from "../rig/host.js";
import { underShell } from "../rig/under-shell.js";
import { folderRemote } from "../rig/with-vault.js";

// An engine on another machine: a second dockerd that only a real sshd leads to.

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

function fine(done: Ended): Ended {
  assert.is(done.code, 0, done.stderr);
  return done;
}

test("a project that is to be mounted there is refused before anything is made, with what to set", async () => {
  const refused = await farHost(`${quick}network: none\n`);
  const done = await refused.enter("true");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, "docker is on another machine (ssh://root@127.0.0.1:");
  assert.match(done.stderr, "Set `workspace: copy`");
  assert.is((await far.docker("ps", "--all", "--quiet")).stdout, "");
  assert.is((await far.docker("volume", "ls", "--quiet")).stdout, "");
});

test("so it is where a context leads there", async () => {
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

test("the project and the vault are there, and what was made of both comes back: sealed, pushed, and the project's files here", async () => {
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

test("another host pulls the vault and has it there", async () => {
  const second = await farHost(copy, remote);
  assert.is(fine(await second.enter("cat ~/secrets/key")).stdout, "key-of-the-house\n");
  fine(await second.tazpod("down"));
  assert.not.match((await far.docker("volume", "ls")).stdout, second.container);
});

test("a file that was changed on both sides is kept twice on both, and that is said", async () => {
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

test("what is removed on one side is removed on the other", async () => {
  await rm(host.path("notes.theirs"));
  fine(await host.enter("rm notes; ! [ -e notes.theirs ]"));
  assert.not.ok((await readdir(host.folder)).some((name) => name.startsWith("notes")));
});

test("names and links of whoever is in the container do not lead out of the project, and are named", async () => {
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

test("killed with a shell open, nothing is lost: the next brings back what was made, of the project and of the vault", async () => {
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

test("a container that was stopped under the shell keeps its copy, and that comes back with the next", async () => {
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

test("down brings back first, also from a container that is stopped; where that fails nothing is removed", async () => {
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

test("a volume of that name that is another's is refused, and stays", async () => {
  const name = `${host.container}-workspace`;
  await far.docker("volume", "create", name);
  const done = await host.enter("true");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, `docker volume rm ${name}`);
  assert.match((await far.docker("volume", "ls", "--quiet")).stdout, name);
  await far.docker("volume", "rm", name);
});

test("after a volume was lost nothing of the project is taken for removed", async () => {
  fine(await host.enter("true"));
  await far.docker("rm", "--force", host.container);
  await far.docker("volume", "rm", `${host.container}-workspace`);
  assert.is(fine(await host.enter("cat last")).stdout, "last\n");
  assert.is(await text(host.path("last")), "last\n");
});

test("a container that went while ssh was away is waited for by nobody, and the project stays as it is", async () => {
  const before = await readdir(host.folder);
  const lost = { ...host.env, DOCKER_HOST: "ssh://root@127.0.0.1:1" };
  const done = await run(process.execPath, [bin, "run", "carry"], { cwd: host.folder, env: lost });
  assert.is.not(done.code, 0);
  assert.equal(await readdir(host.folder), before);
});

test.run();
