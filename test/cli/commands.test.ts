import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Command, commands, findCommand, listedTasks } from "../../lib/cli/commands.js";
import { generalHelp } from "../../lib/cli/help.js";
import { type FlagName, flags, runFlags } from "../../lib/run/flags.js";
import { withCommandList } from "../../scripts/readme.js";
import { Host, text } from "../rig/host.js";
import { repository } from "../rig/root.js";

const host = await Host.make({ remote: "none" });

test("the README lists the commands of the command table", async () => {
  const readme = await text(`${repository}README.md`);
  assert.equal(withCommandList(readme), readme);
});

test("the general help has every command and every flag", () => {
  const help = generalHelp();
  for (const { name } of commands) assert.ok(help.includes(`tazpod ${name}`), name);
  for (const name of Object.keys(flags)) assert.ok(help.includes(`--${name}`), name);
});

test("every task in the general help exists in the recipe", async () => {
  const { tasks } = JSON.parse((await host.tazpod("list", "--json")).stdout) as {
    readonly tasks: readonly { readonly name: string }[];
  };
  const names = tasks.map(({ name }) => name);
  for (const [usage] of listedTasks) assert.ok(names.includes(usage.split(" ")[0] ?? ""), usage);
});

test("a command of two words is found, and the words after it are its arguments", () => {
  const found = findCommand(["vault", "import", "folder"]);
  assert.is(found?.command.name, "vault import");
  assert.equal(found?.rest, ["folder"]);
});

for (const { name, words, flags: own, runsTasks } of commands as readonly Command[]) {
  const given = [...name.split(" "), ...(words === "" || words.startsWith("[") ? [] : ["x"])];
  if (!runsTasks)
    test(`${name} refuses flags of other commands`, async () => {
      const all = Object.keys(flags) as FlagName[];
      const foreign = all.filter((flag) => !own.includes(flag) && flag !== "help" && flag !== "version");
      // a single call would report only the first; these flags represent those of other commands
      for (const flag of foreign.filter((one) =>
        ["discard", "at", "revoke", "changes", "short"].includes(one),
      )) {
        const value = flags[flag].type === "string" ? ["3"] : [];
        const done = await host.tazpod(...given, `--${flag}`, ...value);
        assert.is(done.code, 2, done.stderr);
        assert.is(done.stdout, "");
        assert.match(done.stderr, `\`tazpod ${name}\` does not take --${flag}.`);
      }
    });
  test(`${name} --help shows its flags and no others`, async () => {
    const done = await host.tazpod(...name.split(" "), "--help");
    assert.is(done.code, 0, done.stderr);
    const listed = [...done.stdout.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, flag]) => flag);
    assert.equal(new Set(listed), new Set([...own, "help"]));
    assert.is((await host.tazpod("help", ...name.split(" "))).stdout, done.stdout);
    assert.match((await host.tazpod("help", ...name.split(" "), "x")).stderr, 'Unexpected argument "x"');
  });
}

test("a project's folder that is missing, or no folder, is named as such", async () => {
  for (const [path, why] of [
    ["nowhere", "the folder does not exist"],
    [".tazpod/config.yaml", "it is not a folder"],
  ] as const) {
    const done = await host.tazpod("status", "--project", path);
    assert.is(done.code, 1, done.stderr);
    assert.match(done.stderr, why);
  }
});

test("a task refuses flags that none of the tasks it can run accepts", async () => {
  for (const [task, flag] of [
    ["lock", "--at=3"],
    ["pull", "--discard"],
    ["logout", "--part=x"],
    ["passwd", "--revoke"],
  ] as const) {
    const done = await host.tazpod(task, flag);
    assert.is(done.code, 2, done.stderr);
    assert.match(done.stderr, `${task} does not take --${flag.slice(2).split("=")[0]}.`);
  }
});

test("a task's help shows the flags of every task that it can run", async () => {
  const { stdout } = await host.tazpod("passwd", "--help");
  for (const flag of [...runFlags, "new-passphrase-file"]) assert.ok(stdout.includes(`--${flag}`), flag);
  for (const flag of ["at", "part", "revoke", "image"]) assert.not.ok(stdout.includes(`--${flag} `), flag);
});

test("an extra argument and a missing argument are refused", async () => {
  for (const [words, message] of [
    [["list", "x"], 'Unexpected argument "x".'],
    [["vault", "import"], "`tazpod vault import` needs FILE."],
    [["vault"], "`tazpod vault` needs one of: ls, cat, set, edit, rm, verify, diff, export, import."],
    [["vault", "lss"], 'There is no vault command "lss".'],
    [["status", "--", "ls"], "`tazpod status` takes no command after --."],
  ] as const) {
    const done = await host.tazpod(...words);
    assert.is(done.code, 2, done.stderr);
    assert.match(done.stderr, message);
  }
});

test("lock with nothing open says so", async () => {
  const { code, stderr } = await host.tazpod("lock");
  assert.is(code, 0);
  assert.match(stderr, /^Nothing to do: .+\.\n$/);
});

test.run();
