// needs: script
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, run } from "../rig/host.js";
import { Pty } from "../rig/pty.js";

// The user confirms a project's overrides once on each host. No engine is needed, since none may be reached before that.

test.after(() => Pty.endAll());

interface Place {
  readonly folder: string;
  readonly env: Record<string, string>;
  write(name: string, text: string, mode?: number): Promise<void>;
  tazpod(...args: string[]): Promise<Ended>;
  pty(...args: string[]): Pty;
}

async function place(files: Readonly<Record<string, string>>, state?: string): Promise<Place> {
  const folder = await newFolder("project");
  const env = { TAZPOD_TRUST: "", XDG_STATE_HOME: state ?? (await newFolder("state")) };
  const write = async (name: string, text: string, mode = 0o644): Promise<void> => {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text, { mode });
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return {
    folder,
    env,
    write,
    tazpod: (...args) => run(process.execPath, [bin, ...args], { cwd: folder, env }),
    pty: (...args) => new Pty([process.execPath, bin, ...args], { cwd: folder, env }),
  };
}

const config = ".tazpod/config.yaml";
const recipe = "tazpod.tasks.yaml";
const nothing = "The project overrides nothing that needs your trust.\n";
/** What `init` writes, with the defaults spelled differently and with keys that have no effect. */
const ordinary =
  "image: tazzo/tazpod-ai:latest\nuser: tazpod\nghost_mode: true\nmode: x\nremote: { url: 's3://tazlab-storage/tazpod/vault/vault.tar.aes', region: eu-central-1 }\nvault: { size: 64m, format: age }\nsession: { autosave: 30s }\n";
/** A recipe in which every part leaves a trace when it runs. */
const traced = (trace: string): string => `version: 1
facts:
  seen: { new: true, check: { command: [touch, "${trace}"] } }
tasks:
  touch: { new: true, provides: [seen], cmds: [[./tool.sh, "${trace}"]], script: null }
  zx: { new: true, script: ./step.mjs, cmds: null }
`;

test("tazpod's own recipe and settings that equal its defaults need no trust", async () => {
  for (const text of ["", ordinary]) {
    const { tazpod } = await place({ [config]: text });
    assert.is((await tazpod("trust", "--show")).stdout, nothing);
    assert.is((await tazpod("status")).code, 0);
  }
});

test("a setting with an effect is not used before the user trusts it", async () => {
  for (const text of [
    "image: evil:1",
    "user: root",
    "network: host",
    "ssh: mount",
    "shell: [./sh]",
    "remote: s3://other/vault",
    "remote: { endpoint: 'https://s3.example.org' }",
    "remote: { profile: other }",
    "remote: { single_writer: true }",
    "container_name: other",
    "parts: { aws: aws }",
    "vault: { retention: 1 }",
    "session: { autosave: off }",
  ]) {
    const { tazpod } = await place({ [config]: `${text}\n` });
    for (const args of [
      ["enter", "--yes"],
      ["run", "ensure-container", "--yes"],
      ["plan"],
      ["status"],
      ["history"],
    ]) {
      const done = await tazpod(...args);
      assert.is(done.code, 4, `${text}, ${args.join(" ")}: ${done.stderr}`);
      assert.match(done.stderr, /overrides tazpod's defaults:/);
      assert.match(done.stderr, `\n  ${text.split(":")[0]}:`);
      assert.match(done.stderr, /TAZPOD_TRUST=[0-9a-f]{64}/);
    }
    assert.is((await tazpod("list")).code, 0);
  }
});

test("nothing in a project's own recipe runs before it is trusted: no check, no command, no script", async () => {
  const trace = join(await newFolder("trace"), "ran");
  const { write, tazpod } = await place({
    [config]: "",
    [recipe]: traced(trace),
    "step.mjs": `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(trace)}, ""); export const run = () => undefined;`,
  });
  await write("tool.sh", "#!/bin/sh\ntouch $1\n", 0o755);
  for (const args of [["run", "touch"], ["run", "zx"], ["plan", "touch"], ["status"]]) {
    const done = await tazpod(...args);
    assert.is(done.code, 4, done.stderr);
    assert.match(
      done.stderr,
      /  tazpod\.tasks\.yaml \(6 lines\)\n  step\.mjs \(1 line\)\n  tool\.sh \(2 lines\)\nCommands:\n  seen is checked by: touch \/.*\n  touch runs: \.\/tool\.sh \//,
    );
  }
  const ran = (): Promise<boolean> =>
    stat(trace).then(
      () => true,
      () => false,
    );
  assert.not.ok(await ran());
  assert.is((await tazpod("trust", "--yes")).code, 0);
  assert.is((await tazpod("run", "zx")).code, 0);
  assert.ok(await ran());
});

test("a change to a recipe, a script or a program that it names asks again, and shows what has changed", async () => {
  const { write, tazpod } = await place({
    [config]: "image: one:1\n",
    [recipe]: traced("/dev/null"),
    "step.mjs": "export const run = () => undefined;\n",
    "tool.sh": "#!/bin/sh\n",
  });
  assert.is((await tazpod("trust", "--yes")).code, 0);
  assert.is((await tazpod("trust", "--show")).code, 0);
  const changed = async (name: string, text: string, expected: RegExp): Promise<void> => {
    await write(name, text);
    const done = await tazpod("status");
    assert.is(done.code, 4, name);
    assert.match(done.stderr, "has changed since it was trusted on this host (");
    assert.match(done.stderr, expected);
    assert.is((await tazpod("trust", "--yes")).code, 0);
    assert.is((await tazpod("status")).code, 0);
  };
  await changed(
    "step.mjs",
    "export const run = () => 1;\n",
    /  ~ step\.mjs \(1 line\)\n +- export const run = \(\) => undefined;\n +\+ export const run = \(\) => 1;\n/,
  );
  await changed("tool.sh", "#!/bin/sh\nexit 1\n", /  ~ tool\.sh \(2 lines\)\n +#!\/bin\/sh\n +\+ exit 1\n/);
  await changed(config, "image: two:1\n", /  - image: "one:1"\n  \+ image: "two:1"\n/);
  await changed(config, "image: two:1\nuser: root\n", /  \+ user: "root"\n/);
  await changed(config, "user: root\n", /  - image: "two:1"/);
});

test("on a terminal the default answer is no, and a yes is needed once in each folder", async () => {
  const state = await newFolder("state");
  const files = { [config]: "image: one:1\n" };
  const first = await place(files, state);
  const refused = first.pty("status");
  await refused.expect("Trust it on this host? [y/N]");
  refused.line("");
  assert.is(await refused.ended, 3);
  const pty = first.pty("plan", "logout", "--yes");
  await pty.expect("Trust it on this host? [y/N]");
  pty.line("y");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is((await first.tazpod("status")).code, 0);
  const other = await place(files, state);
  const asked = await other.tazpod("status");
  assert.is(asked.code, 4);
  assert.match(asked.stderr, new RegExp(`The same content is trusted in ${first.folder} since `));
  const { env } = await place(files);
  assert.is((await run(process.execPath, [bin, "status"], { cwd: first.folder, env })).code, 4);
  assert.is((await stat(join(state, "tazpod", "trust.json"))).mode & 0o777, 0o600);
});

test("TAZPOD_TRUST takes the hash that is shown, and refuses any other hash or a hash of other content", async () => {
  const { folder, env, tazpod, write } = await place({ [config]: "image: one:1\n" });
  const shown = JSON.parse((await tazpod("trust", "--show", "--json")).stdout) as {
    hash: string;
    state: string;
  };
  assert.is(shown.state, "untrusted");
  const status = (trust: string): ReturnType<typeof run> =>
    run(process.execPath, [bin, "status"], { cwd: folder, env: { ...env, TAZPOD_TRUST: trust } });
  assert.is((await status(shown.hash)).code, 0);
  assert.is((await status(`${"0".repeat(64)}, ${shown.hash}`)).code, 0);
  assert.is((await status("0".repeat(64))).code, 4);
  await write(config, "image: two:1\n");
  assert.is((await status(shown.hash)).code, 4);
});

test("--revoke withdraws trust, and an unreadable trust file trusts nothing", async () => {
  const { env, tazpod } = await place({ [config]: "image: one:1\n" });
  assert.is((await tazpod("trust", "--yes")).code, 0);
  assert.is((await tazpod("trust", "--revoke")).code, 0);
  assert.is((await tazpod("status")).code, 4);
  assert.is((await tazpod("trust", "--yes")).code, 0);
  await writeFile(
    join(env["XDG_STATE_HOME"] ?? "", "tazpod", "trust.json"),
    '{"trusted":[{"root":"/","things":[{}]}, 3',
  );
  assert.is((await tazpod("status")).code, 4);
  assert.is((await tazpod("trust", "--yes")).code, 0);
  assert.is((await tazpod("status")).code, 0);
});

test("a project's settings cannot control the terminal", async () => {
  const { tazpod } = await place({ [config]: 'image: "a\\e[2Kb"\n' });
  const done = await tazpod("status");
  assert.is(done.code, 4);
  assert.not.match(done.stderr, "\u001b");
});

test("a recipe's texts cannot control the terminal in the list, a task's help, the plan or the status", async () => {
  const { tazpod } = await place({
    [config]: "remote: none\n",
    [recipe]: `version: 1
facts:
  odd: { new: true, desc: "\\e[1m", check: { env: "A\\e[2J\\u202eB" } }
tasks:
  one: { new: true, desc: "a\\e[31m\\nfaked: line", summary: "b\\e[2J\\nc", provides: [odd], cmds: [["true"]] }
`,
  });
  assert.is((await tazpod("trust", "--yes")).code, 0);
  for (const argv of [["list"], ["one", "--help"], ["plan", "one"], ["status"]]) {
    const { stdout } = await tazpod(...argv);
    // oxlint-disable-next-line no-control-regex
    assert.not.match(stdout, /[\u0000-\u0009\u000b-\u001f\u202e]/, argv.join(" "));
  }
  const list = (await tazpod("list")).stdout;
  assert.match(list, /^ {2}one +a\ufffd\[31m\ufffdfaked: line/m);
  assert.match((await tazpod("one", "--help")).stdout, "b\ufffd[2J\nc\n");
  assert.match((await tazpod("status")).stdout, "A\ufffd[2J\ufffdB");
});

test("an error in an untrusted recipe cannot control the terminal", async () => {
  const { tazpod } = await place({
    [config]: "remote: none\n",
    [recipe]: 'version: 1\ntasks:\n  one: { new: true, "y\\e[2J": 1, needs: ["\\e[3J"] }\n',
  });
  const done = await tazpod("list");
  assert.is(done.code, 2);
  assert.match(done.stderr, 'unknown key "y\ufffd[2J"');
  assert.not.match(done.stderr, "\u001b");
});

test("a change of the local settings asks again, like one of the config", async () => {
  const here = await place({ ".tazpod/config.yaml": "remote: none\n" });
  assert.is((await here.tazpod("trust", "--yes")).code, 0);
  assert.is((await here.tazpod("trust", "--show")).code, 0);
  await here.write(".tazpod/config.local.yaml", "image: other\n");
  const changed = await here.tazpod("trust", "--show");
  assert.is(changed.code, 3);
  assert.match(changed.stdout, 'image: "other"');
});

test("a command of several lines is shown by its first one, without what controls the terminal", async () => {
  const { tazpod } = await place({
    [config]: "",
    [recipe]:
      'version: 1\ntasks: { go: { new: true, cmds: [[sh, -c, "set -eu\\e[2J\\necho one\\necho two\\n"]] } }\n',
  });
  const { stdout } = await tazpod("trust", "--show");
  assert.match(stdout, "  go runs: sh -c 'set -eu\ufffd[2J … (3 lines)'\n");
});

test.run();
