// needs: script, bash, zsh, fish
// time limit: 300 s
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { commands } from "../../lib/cli/commands.js";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, Host, run } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

// The completion of command lines, in real shells.

test.after(() => Pty.endAll());

const parts = "parts:\n  aws: .aws\n  prod: { paths: [prod], open: on-request }\n";
const recipe = `version: 1
tasks:
  deploy-all:
    new: true
    desc: Deploy everything
    args: [{ name: stage, choices: [blue, green] }]
    cmds: [[echo, "{{stage}}"]]
  hidden-one: { new: true, internal: true, cmds: [[echo]] }
`;

/** A host whose PATH has `tazpod`. */
async function hostWith(more = parts, remote = "none"): Promise<Host> {
  const host = await Host.make({ remote, more });
  await writeFile(host.path("tazpod.tasks.yaml"), recipe);
  await addToPath(host);
  return host;
}

async function addToPath(host: Host): Promise<void> {
  const folder = await newFolder("bin");
  await symlink(bin, join(folder, "tazpod"));
  // no engine may be started
  await writeFile(join(folder, "docker"), '#!/bin/sh\ntouch "$0.called"; exit 1\n', { mode: 0o755 });
  Object.assign(host.env, {
    PATH: `${folder}${delimiter}${process.env["PATH"]}`,
    HOME: await newFolder("home"),
  });
}

async function offered(host: Host, ...words: string[]): Promise<string[]> {
  const done: Ended = await host.tazpod("__complete", ...words);
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stderr, "");
  return done.stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t")[0] ?? "");
}

test("every command, goal and task that can be named is offered, with what it does", async () => {
  const host = await hostWith();
  const found = await offered(host, "");
  for (const { name } of commands) assert.ok(found.includes(name.split(" ")[0] ?? ""), name);
  for (const name of ["enter", "push", "deploy-all"]) assert.ok(found.includes(name), name);
  assert.not.ok(found.includes("hidden-one"));
  assert.match((await host.tazpod("__complete", "deploy")).stdout, "deploy-all\tDeploy everything\n");
  const groups = await offered(host, "vault", "");
  assert.equal(
    new Set(groups),
    new Set(commands.flatMap(({ name }) => /^vault (\w+)/.exec(name)?.[1] ?? [])),
  );
});

test("flags, their values, parts, engines, arguments, history numbers and paths are offered where they belong", async () => {
  const host = await hostWith();
  assert.equal(await offered(host, "history", "--a"), ["--all"]);
  assert.not.ok((await offered(host, "history", "--all", "--")).includes("--all"));
  assert.ok((await offered(host, "pull", "--f")).includes("--force"));
  assert.not.ok((await offered(host, "pull", "--")).includes("--discard"));
  assert.equal(await offered(host, "with", ""), ["aws", "prod", "rest", "all"]);
  assert.equal(await offered(host, "run", "with", "aws,p"), ["aws,prod"]);
  assert.equal(await offered(host, "enter", "--part", "pr"), ["prod"]);
  assert.equal(await offered(host, "enter", "--part=pr"), ["--part=prod"]);
  assert.equal(await offered(host, "enter", "--part", "=", "pr"), ["prod"]);
  assert.ok((await offered(host, "init", "--engine", "")).includes("podman"));
  assert.equal(await offered(host, "deploy-all", ""), ["blue", "green"]);
  assert.ok((await offered(host, "deploy-all", "blue", "")).includes("push"));
  assert.equal(await offered(host, "completion", ""), ["bash", "zsh", "fish"]);
  assert.equal(await offered(host, "enter", "--passphrase-file", ""), [":files"]);
  assert.equal(await offered(host, "vault", "import", ""), [":files"]);
  assert.equal(await offered(host, "status", "--project", ""), [":folders"]);
  assert.equal(await offered(host, "enter", "--", "l"), [":files"]);
  assert.equal(await offered(host, "vault", "cat", "x", ""), []);
});

test("a path in the sealed vault is not completed: that would take the passphrase, and nothing asks for it", async () => {
  const host = await withSealed(await folderRemote());
  host.env["TAZPOD_PASSPHRASE_FILE"] = host.path("passphrase-that-is-not-there");
  for (const command of ["cat", "set", "edit", "rm"])
    for (const typed of ["", "p"]) assert.equal(await offered(host, "vault", command, typed), [], command);
});

test("numbers of the history are offered where the remote is a folder", async () => {
  const host = await withSealed(await folderRemote());
  assert.equal(await offered(host, "restore", "--at", ""), ["1"]);
});

test("--project names the project; outside a project, and with a broken one, tazpod's own words are offered", async () => {
  const host = await hostWith();
  const elsewhere = await Host.make(null);
  await addToPath(elsewhere);
  assert.equal(await offered(elsewhere, "--project", host.folder, "dep"), ["deploy-all"]);
  assert.equal(await offered(elsewhere, "dep"), []);
  assert.ok((await offered(elsewhere, "in")).includes("init"));
  await writeFile(host.path("tazpod.tasks.yaml"), "version: [");
  assert.ok((await offered(host, "pu")).includes("push"));
});

test("a project that is not trusted adds nothing, asks nothing, and no engine is started", async () => {
  const host = await hostWith();
  host.env["TAZPOD_TRUST"] = "";
  assert.equal(await offered(host, "dep"), []);
  assert.equal(await offered(host, "with", ""), []);
  assert.ok((await offered(host, "tr")).includes("trust"));
  const folder = host.env["PATH"]?.split(delimiter)[0] ?? "";
  assert.is((await run("ls", [folder])).stdout, "docker\ntazpod\n");
});

/** What is typed before Tab, and what the line then has. */
const lines = [
  ["tazpod vault ver", "tazpod vault verify"],
  ["tazpod deplo", "tazpod deploy-all"],
  ["tazpod enter --part=pr", "--part=prod"],
  ["tazpod run with pr", "with prod"],
  ["tazpod history --al", "--all"],
  ["tazpod pull --passphrase-file a\\ pa", "a\\ pass\\ phrase"],
  ["tazpod list --project a\\ fol", "a\\ folder/"],
  // runs nothing of the folder
  ["./tazpod vault ver", "./tazpod vault verify"],
] as const;

// readline shows what is typed only if the terminal would
const shells = [
  ["bash", ["sh", "-c", "stty echo; exec bash --norc --noprofile -i"], 'eval "$(tazpod completion bash)"'],
  ["zsh", ["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(tazpod completion zsh)"'],
] as const;

for (const [name, argv, setUp] of shells)
  test(`${name} completes commands, tasks, flags, parts and paths at Tab`, async () => {
    const host = await withPaths();
    const pty = new Pty(argv, { cwd: host.folder, env: { ...host.env, PS1: "$ " } });
    // the word is not in the line that is typed
    pty.line(`${setUp}; echo re''ady`);
    await pty.expect("ready");
    for (const [typed, expected] of lines) {
      pty.type(`${typed}\t`);
      await pty.expect(expected, 20_000);
      // clears the line
      pty.type("\u0015");
    }
    pty.line("exit");
    await pty.ended;
    assert.not.ok((await readdir(host.folder)).includes("was-run"));
  });

test("fish completes commands, tasks, flags, parts and paths", async () => {
  const host = await withPaths();
  for (const [typed, expected] of lines.slice(0, -1)) {
    const script = `tazpod completion fish | source; complete -C ${JSON.stringify(typed)}`;
    const { stdout, stderr } = await run("fish", ["--no-config", "-c", script], {
      cwd: host.folder,
      env: host.env,
    });
    assert.is(stderr, "");
    const word = (expected.split(/(?<!\\) /).at(-1) ?? "").replaceAll("\\", "");
    assert.is(stdout.split("\n")[0]?.split("\t")[0], word, stdout);
  }
});

/** With files to complete, and a program in the folder that must not be run. */
async function withPaths(): Promise<Host> {
  const host = await hostWith();
  await writeFile(host.path("a pass phrase"), "");
  await mkdir(host.path("a folder"));
  await writeFile(host.path("tazpod"), "#!/bin/sh\ntouch was-run\n", { mode: 0o755 });
  return host;
}

test("completion names the shells it knows", async () => {
  const host = await hostWith();
  const done = await host.tazpod("completion", "bsh");
  assert.is(done.code, 2);
  assert.match(done.stderr, 'Did you mean "bash"?');
  assert.is((await host.tazpod("completion")).code, 2);
});

test.run();
