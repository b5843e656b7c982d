// needs: script
// time limit: 120 s
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadProject } from "../../lib/project/load-project.js";
import type { Config } from "../../lib/project/project.js";
import { newFolder } from "../rig/folder.js";
import { testWith } from "../rig/needing.js";
import { bin, type Ended, Host, run } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { value } from "../rig/result.js";
import { repository } from "../rig/root.js";

// `init`: what it asks, what it takes from flags and files, and what it writes. No engine is needed.

test.after(() => Pty.endAll());

type Files = Readonly<Record<string, string>>;

async function folderWith(files: Files = {}): Promise<string> {
  const folder = await newFolder("lab");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

function tazpod(folder: string, ...args: string[]): Promise<Ended> {
  return run(process.execPath, [bin, ...args], { cwd: folder, env: { TAZPOD_TRUST: "" } });
}

function onTerminal(folder: string, ...args: string[]): Pty {
  return new Pty([process.execPath, bin, ...args], { cwd: folder, env: { AWS_REGION: undefined } });
}

const configOf = async (folder: string): Promise<Config> => value(await loadProject(folder)).config;
const isProject = (folder: string): boolean => existsSync(join(folder, ".tazpod"));

/** Answers each question as it comes up. */
async function answered(pty: Pty, ...answers: readonly (readonly [question: string, answer: string])[]) {
  for (const [question, answer] of answers) {
    await pty.expect(question);
    pty.line(answer);
  }
}

const ready = "✔ Project ready: .tazpod/config.yaml";
const defaults = [
  "Image [tazzo/tazpod-ai:latest]:",
  "Vault [s3://tazlab-storage/tazpod/vault/vault.tar.aes]:",
  "Engine [auto]:",
] as const;

test("settings that a clone brings in config.local.yaml are no answers of the user: they have to be trusted", async () => {
  const folder = await folderWith({
    ".tazpod/config.local.yaml": `image: evil/image:1
network: host
mounts: [{ source: "~", target: /host-home }]
`,
  });
  const made = await tazpod(folder, "init", "--yes");
  assert.is(made.code, 4, made.stderr);
  assert.match(made.stderr, ready);
  const shown = await tazpod(folder, "trust", "--show");
  assert.is(shown.code, 3);
  for (const text of ["evil/image:1", "/host-home"]) assert.match(shown.stdout, text);
  const entered = await tazpod(folder, "enter", "--yes");
  assert.match(entered.stderr, "evil/image:1");
  assert.is(entered.code, 4);
});

test("without a terminal, with --yes and with Enter at each question, the owner's defaults are written", async () => {
  const folders = [
    await folderWith(),
    await folderWith(),
    await folderWith({ Dockerfile: "FROM x\n" }),
  ] as const;
  assert.is((await tazpod(folders[0], "init")).stderr, `${ready}\n`);
  const all = onTerminal(folders[1], "init", "--yes");
  assert.is(await all.ended, 0, all.screen);
  assert.not.match(all.screen, /\[/);
  const pty = onTerminal(folders[2], "init");
  await answered(pty, ["Build the container's image from Dockerfile? [y/N]", ""]);
  await answered(pty, ...defaults.map((question) => [question, ""] as const));
  await pty.expect(ready);
  assert.is(await pty.ended, 0, pty.screen);
  for (const folder of folders) {
    const text = await readFile(join(folder, ".tazpod", "config.yaml"), "utf8");
    assert.match(text, "\nimage: tazzo/tazpod-ai:latest\n");
    assert.match(text, `\ncontainer_name: ${basename(folder)}-lab\nuser: tazpod\nghost_mode: true `);
    assert.match(
      text,
      "\nremote:\n  url: s3://tazlab-storage/tazpod/vault/vault.tar.aes\n  region: eu-central-1\n",
    );
    assert.equal((await readdir(join(folder, ".tazpod"))).toSorted(), [
      ".gitignore",
      "config.schema.json",
      "config.yaml",
      "tasks.schema.json",
      "vault",
    ]);
  }
});

test("the schemas that the config and the guide's recipe name are there, and are those that tazpod has", async () => {
  const folder = await folderWith();
  assert.is((await tazpod(folder, "init")).code, 0);
  const guide = await readFile(join(repository, "docs", "recipes.md"), "utf8");
  const recipe = /^```yaml\n([^]*?)^```$/m.exec(guide)?.[1] ?? "";
  await writeFile(join(folder, "tazpod.tasks.yaml"), recipe);
  for (const [path, name] of [
    [".tazpod/config.yaml", "config"],
    ["tazpod.tasks.yaml", "tasks"],
  ] as const) {
    const text = await readFile(join(folder, path), "utf8");
    const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? "";
    const parsed = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));
    assert.equal(
      await parsed(join(folder, dirname(path), schema)),
      await parsed(join(repository, "schema", `${name}.schema.json`)),
    );
  }
});

test("another image, bucket and engine: their questions lead to the user and the region", async () => {
  const folder = await folderWith();
  const pty = onTerminal(folder, "init");
  await answered(
    pty,
    ["Image [", "debian:12"],
    ["User [root]:", ""],
    ["Vault [", "s3://my-bucket"],
    ["Region of the bucket [eu-central-1]:", "us-east-1"],
    ["Engine [", "podman"],
  );
  assert.is(await pty.ended, 0, pty.screen);
  const { image, user, remote, engine } = await configOf(folder);
  assert.equal([image, user, engine], ["debian:12", "root", "podman"]);
  assert.equal([remote.url, remote.region], ["s3://my-bucket/tazpod/vault/vault.tar.aes", "us-east-1"]);
});

test("an answer that cannot be read is asked for again, with what can be", async () => {
  const folder = await folderWith();
  const pty = onTerminal(folder, "init");
  await answered(
    pty,
    ["Image [", "./Dockerfile"],
    ["there is no file ./Dockerfile", ""],
    ["Vault [", "my-bucket"],
    [
      "Enter s3://BUCKET or s3://BUCKET/KEY, a folder such as /media/usb, ~/sync or ./vault, or none.",
      "./my vault",
    ],
    ["Engine [", "lxc"],
    ["Enter auto, docker, podman", "docker"],
  );
  assert.is(await pty.ended, 0, pty.screen);
  const { image, remote, engine } = await configOf(folder);
  assert.equal([image, engine], ["tazzo/tazpod-ai:latest", "docker"]);
  assert.is(remote.url, `file://${folder}/my%20vault/vault.tar.aes`);
});

test("each answer has a flag, and what a flag answers is not asked", async () => {
  const folder = await folderWith({ "images/Dockerfile": "FROM x\n" });
  const flags = [
    "--remote",
    "s3://b-b/k",
    "--region",
    "us-east-1",
    "--build",
    "images",
    "--user",
    "me",
    "--engine",
    "docker",
  ];
  const pty = onTerminal(folder, "init", ...flags);
  assert.is(await pty.ended, 0, pty.screen);
  assert.not.match(pty.screen, /\[.*\]:/);
  const { build, user, remote, engine } = await configOf(folder);
  assert.equal(build, { dockerfile: "images/Dockerfile", args: {} });
  assert.equal([user, engine, remote.url, remote.region], ["me", "docker", "s3://b-b/k", "us-east-1"]);
  const none = await folderWith();
  assert.is((await tazpod(none, "init", "--remote=none", "--image=debian:12")).code, 0);
  const config = await configOf(none);
  assert.equal([config.remote.url, config.image, config.user], ["none", "debian:12", "tazpod"]);
});

test("a flag with a value that cannot be is a usage error that names the allowed ones, and nothing is written", async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [["--remote", "ftp://x"], /--remote takes s3:\/\/BUCKET.*, or none; not "ftp:\/\/x"/],
    [["--region", "Frankfurt am Main"], /--region takes a region such as eu-central-1/],
    [["--image", "a b"], /--image takes an image such as/],
    [["--engine", "lxc"], /--engine takes auto, docker, podman/],
    [["--user", "-x"], /--user/],
    [["--build", "../Dockerfile"], /--build takes the path of a Dockerfile below the project's folder/],
    [["--image", "x", "--build", "y"], /--image and --build exclude each other/],
    [["--from-devcontainer", "--no-devcontainer"], /--from-devcontainer and --no-devcontainer exclude/],
    [["--from-devcontainer"], /there is no devcontainer\.json in/],
  ];
  const folder = await folderWith();
  for (const [flags, said] of cases) {
    const done = await tazpod(folder, "init", ...flags);
    assert.is(done.code, 2, `${flags.join(" ")}: ${done.stderr}`);
    assert.match(done.stderr, said);
  }
  const missing = await tazpod(folder, "init", "--build", "Dockerfile");
  assert.is(missing.code, 3, missing.stderr);
  assert.match(missing.stderr, /there is no file Dockerfile/);
  assert.not.ok(isProject(folder));
});

test("Ctrl-C, Ctrl-D and a terminal that goes away at any question leave the folder as it was", async () => {
  const questions = [...defaults.map((question) => [question, ""] as const)];
  for (let at = 0; at < questions.length; at++) {
    for (const [key, code] of [
      ["\u0003", 130],
      ["\u0004", 4],
    ] as const) {
      const folder = await folderWith();
      const pty = onTerminal(folder, "init");
      await answered(pty, ...questions.slice(0, at));
      await pty.expect(questions[at]?.[0] ?? "");
      pty.type(key);
      assert.is(await pty.ended, code, pty.screen);
      assert.not.ok(isProject(folder));
    }
  }
  const folder = await folderWith();
  const pty = onTerminal(folder, "init");
  await pty.expect("Image [");
  pty.hangUp();
  await pty.ended;
  assert.not.ok(isProject(folder));
});

const devcontainer = `{
  // for everybody
  "image": "debian:12", "remoteUser": "me", "forwardPorts": [3000],
  "containerEnv": { "A": "b" }, "features": {},
  "mounts": ["type=bind,source=\${localWorkspaceFolder}/data,target=/data,readonly"],
}`;
const taken = { image: "debian:12", user: "me", env: { A: "b" }, ports: ["127.0.0.1:3000:3000/tcp"] };

async function takenBy(folder: string): Promise<unknown> {
  const { image, user, env, ports } = await configOf(folder);
  return { image, user, env, ports };
}

test("a devcontainer.json is shown, with what is not read of it, and taken by yes", async () => {
  for (const path of [".devcontainer/devcontainer.json", ".devcontainer.json"]) {
    const folder = await folderWith({ [path]: devcontainer });
    const pty = onTerminal(folder, "init");
    await pty.expect("image: debian:12");
    await pty.expect("mount: ./data at /data, read-only");
    await pty.expect("Not read: features");
    await answered(pty, [`Use the settings of ${path}? [Y/n]`, ""], ["Vault [", "none"], ["Engine [", ""]);
    assert.is(await pty.ended, 0, pty.screen);
    assert.equal(await takenBy(folder), taken);
    const trust = await tazpod(folder, "trust", "--show");
    assert.is(trust.code, 0, trust.stdout);
  }
});

test("no to a devcontainer.json, and --no-devcontainer, leave it out; --from-devcontainer takes it without a question", async () => {
  const no = await folderWith({ ".devcontainer.json": devcontainer });
  const pty = onTerminal(no, "init", "--remote=none", "--engine=auto");
  await answered(pty, ["Use the settings", "n"], ["Image [", ""]);
  assert.is(await pty.ended, 0, pty.screen);
  assert.is((await configOf(no)).image, "tazzo/tazpod-ai:latest");
  const files = { ".devcontainer.json": devcontainer, Dockerfile: "FROM x\n" };
  const never = await folderWith(files);
  const silent = onTerminal(
    never,
    "init",
    "--no-devcontainer",
    "--remote=none",
    "--engine=auto",
    "--image=x",
    "--user=x",
  );
  assert.is(await silent.ended, 0, silent.screen);
  assert.equal((await configOf(never)).ports, []);
  const from = await folderWith(files);
  const done = await tazpod(from, "init", "--yes", "--from-devcontainer");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /\.devcontainer\.json:\n {2}image: debian:12\n/);
  assert.equal(await takenBy(from), taken);
});

test("a broken devcontainer.json is said with its place, and init goes on without it; with --from-devcontainer it does not", async () => {
  const folder = await folderWith({ ".devcontainer/devcontainer.json": `{\n  "image": "x"\n  "a": 1\n}` });
  const demanded = await tazpod(folder, "init", "--from-devcontainer");
  assert.is(demanded.code, 2, demanded.stderr);
  assert.match(demanded.stderr, ".devcontainer/devcontainer.json:3:3: comma expected");
  assert.not.ok(isProject(folder));
  const pty = onTerminal(folder, "init");
  await pty.expect(".devcontainer/devcontainer.json:3:3: comma expected");
  await pty.expect("It is ignored.");
  await answered(pty, ...defaults.map((question) => [question, ""] as const));
  assert.is(await pty.ended, 0, pty.screen);
});

test("a devcontainer.json that leads out of the project is not read, nor shown", async () => {
  const folder = await folderWith();
  const outside = await folderWith({ secret: "{ token-of-somebody" });
  await symlink(join(outside, "secret"), join(folder, ".devcontainer.json"));
  const done = await tazpod(folder, "init", "--from-devcontainer");
  assert.is(done.code, 1, done.stderr);
  assert.match(done.stderr, /leads out of the project/);
  assert.not.match(done.stderr, /token/);
});

test("a Dockerfile by itself is offered, and the build that was answered is trusted on this host", async () => {
  const folder = await folderWith({ ".devcontainer/Dockerfile": "FROM x\n" });
  const pty = onTerminal(folder, "init", "--remote=none", "--engine=auto");
  await answered(
    pty,
    ["Build the container's image from .devcontainer/Dockerfile? [Y/n]", ""],
    ["User [root]:", "me"],
  );
  assert.is(await pty.ended, 0, pty.screen);
  const { build, user } = await configOf(folder);
  assert.equal([build, user], [{ dockerfile: ".devcontainer/Dockerfile", args: {} }, "me"]);
  const trusted = await tazpod(folder, "trust", "--show");
  assert.is(trusted.code, 0, trusted.stdout);
  assert.match(
    trusted.stdout,
    /is trusted on this host since .* and unchanged\.\n[^]*\n +\.devcontainer\/Dockerfile \(1 line\)\n/,
  );
  await writeFile(join(folder, ".devcontainer", "Dockerfile"), "FROM evil\n");
  const changed = await tazpod(folder, "trust", "--show");
  assert.is(changed.code, 3, changed.stdout);
  assert.match(changed.stdout, /\n +~ \.devcontainer\/Dockerfile \(1 line\)\n +- FROM x\n +\+ FROM evil\n/);
});

test("in a project it says so, writes only what is missing, and takes no answers", async () => {
  const folder = await folderWith({ ".tazpod/config.yaml": "remote: none # mine\n", "below/x": "" });
  assert.is((await tazpod(folder, "trust", "--yes")).code, 0);
  const done = await tazpod(join(folder, "below"), "init");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /^This folder is already a project: .*\.tazpod\/config\.yaml\n/);
  assert.match(done.stderr, /Wrote .*\.gitignore, which was missing\./);
  assert.is(await readFile(join(folder, ".tazpod", "config.yaml"), "utf8"), "remote: none # mine\n");
  const again = await tazpod(folder, "init");
  assert.is(again.stderr, "This folder is already a project: .tazpod/config.yaml\n");
  const [schema, settings] = ["tasks.schema.json", "config.yaml"].map((name) =>
    join(folder, ".tazpod", name),
  );
  const current = await readFile(schema ?? "", "utf8");
  await writeFile(schema ?? "", "{}\n");
  const examined = await tazpod(folder, "doctor");
  assert.match(
    examined.stdout,
    /- schemas +\.tazpod\/tasks\.schema\.json: of another version of tazpod\n +`tazpod init` writes/,
  );
  assert.match(
    (await tazpod(folder, "init")).stderr,
    "tasks.schema.json, which was of another version of tazpod.",
  );
  assert.is(await readFile(schema ?? "", "utf8"), current);
  assert.is(await readFile(settings ?? "", "utf8"), "remote: none # mine\n");
  for (const command of ["init", "enter"]) {
    const refused = await tazpod(folder, command, "--engine", "docker");
    assert.is(refused.code, 2, refused.stderr);
    assert.match(
      refused.stderr,
      /--engine is only for a new project.*\n +Change \.tazpod\/config\.yaml instead\./,
    );
  }
});

test("setup-storage makes the folder of a folder remote, and says so", async () => {
  const folder = join(await newFolder("usb"), "new");
  const host = await Host.make({ remote: `file://${folder}/vault.tar.aes` });
  assert.is((await host.tazpod("setup-storage")).stderr, `✔ the folder ${folder}\n`);
  assert.ok(existsSync(folder));
  assert.is((await host.tazpod("setup-storage")).stderr, `= the folder ${folder}: unchanged\n`);
});

await testWith(
  test,
  "git",
  "the local settings and the local recipe are ignored by git, and a .gitignore keeps what it has",
  async () => {
    const fresh = await folderWith();
    const own = await folderWith({ ".gitignore": "dist" });
    for (const folder of [fresh, own]) {
      await run("git", ["init", "--quiet"], { cwd: folder });
      assert.is((await tazpod(folder, "init")).code, 0);
      const files = ["tazpod.tasks.local.yaml", ".tazpod/config.local.yaml", ".tazpod/vault/vault.tar.aes"];
      const ignored = await run("git", ["check-ignore", ...files, ".tazpod/config.yaml"], { cwd: folder });
      assert.is(ignored.stdout, files.map((file) => `${file}\n`).join(""));
    }
    assert.is(await readFile(join(own, ".gitignore"), "utf8"), "dist\n/tazpod.tasks.local.yaml\n");
    assert.not.match((await tazpod(own, "init")).stderr, "gitignore");
  },
);

test.run();
